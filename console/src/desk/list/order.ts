// Which threads belong to a view, and in which order. Pure: the same rules the
// gateway uses, so that live changes land where a reload would put them.

import type { Thread, View } from '../../api/types';

export function belongs(thread: Thread, view: View, me: string): boolean {
  if (view === 'all') return true;
  if (view === 'mine') return thread.status === 'assigned' && thread.assignee?.id === me;
  return thread.status === view;
}

export function compare(view: View): (a: Thread, b: Thread) => number {
  if (view === 'waiting') return (a, b) => (a.waiting_since ?? 0) - (b.waiting_since ?? 0) || (a.id < b.id ? -1 : 1);
  return (a, b) => b.updated_at - a.updated_at || (a.id < b.id ? 1 : -1);
}

/**
 * The list after a thread changed. While there are more pages, a thread that
 * sorts behind the last loaded one is left out: its page will bring it.
 */
export function arrange(threads: readonly Thread[], changed: Thread, view: View, me: string, whole: boolean): Thread[] {
  const others = threads.filter((thread) => thread.id !== changed.id);
  if (!belongs(changed, view, me)) return others;
  const sorts = compare(view);
  const at = others.findIndex((thread) => sorts(changed, thread) < 0);
  if (at >= 0) others.splice(at, 0, changed);
  else if (whole || others.length < threads.length) others.push(changed);
  return others;
}

/** A further page behind what is there; a thread that moved meanwhile stands once. */
export function append(threads: readonly Thread[], page: readonly Thread[]): Thread[] {
  const known = new Set(threads.map((thread) => thread.id));
  return [...threads, ...page.filter((thread) => !known.has(thread.id))];
}
