// Puts a text on the clipboard and says so.

import { t } from '../i18n/index.svelte';
import { toasts } from '../state/toasts.svelte';

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.good(t().common.copied);
  } catch (cause) {
    toasts.bad(cause);
  }
}
