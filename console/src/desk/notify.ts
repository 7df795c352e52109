// Desktop notifications, for those who asked for them: somebody starts to wait,
// or writes in a thread that I hold, while this page is not looked at.

import type { Thread } from '../api/types';
import { t } from '../i18n/index.svelte';
import { prefs } from '../state/prefs.svelte';
import { router } from '../state/router.svelte';

export type News = 'waiting' | 'wrote' | null;

/** What about this change is worth a notification. Pure. */
export function newsIn(thread: Thread, before: Thread | null, me: string): News {
  if (thread.status === 'waiting' && before?.status !== 'waiting') return 'waiting';
  const last = thread.last_message;
  const mine = thread.status === 'assigned' && thread.assignee?.id === me;
  const isNew = last && last.created_at > (before?.last_message?.created_at ?? 0);
  return mine && isNew && last.author.kind === 'customer' ? 'wrote' : null;
}

export function announce(thread: Thread, before: Thread | null, me: string): void {
  if (!prefs.notify || document.hasFocus() || typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  const news = newsIn(thread, before, me);
  if (!news) return;
  const title = t().notify[news](thread.customer.name);
  // One tag a thread: several tabs and several messages show one notification.
  const shown = new Notification(title, { body: thread.last_message?.text.slice(0, 120) ?? '', tag: `thread-${thread.id}` });
  shown.onclick = () => {
    focus();
    router.go(`/desk/all/${thread.id}`);
    shown.close();
  };
}
