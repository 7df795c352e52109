// Asks before a form with unsaved changes is left.

import { t } from '../i18n/index.svelte';
import { router } from '../state/router.svelte';

/** Watches the form from how it is now. Gives back how to say that it is saved. Call while a component is made. */
export function guardChanges(form: () => unknown): () => void {
  let saved = JSON.stringify(form());
  let over = false;
  $effect(() =>
    router.guard(
      () => over || JSON.stringify(form()) === saved,
      () => confirm(t().common.unsaved),
    ),
  );
  return () => {
    saved = JSON.stringify(form());
    over = true;
  };
}
