// What stands on the page, line by line: day breaks, the unread mark, and for
// each message whether it opens or closes a group. Pure; looks at neighbours only.

import { startOfDay } from '../../i18n/time';
import type { Entry } from './timeline';

export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'unread'; key: string }
  | { kind: 'line'; key: string; entry: Entry }
  | { kind: 'message'; key: string; entry: Entry; first: boolean; last: boolean };

/** A pause after which the same author starts a new group. */
const PAUSE = 5 * 60_000;

export function rowsOf(entries: readonly Entry[], unreadAfter: number | null): Row[] {
  const rows: Row[] = [];
  let before: Entry | undefined;
  let marked = unreadAfter === null;
  for (const [at, entry] of entries.entries()) {
    let parted = !before;
    if (!before || startOfDay(before.created_at) !== startOfDay(entry.created_at)) {
      rows.push({ kind: 'day', key: `day-${startOfDay(entry.created_at)}-${entry.id}`, at: entry.created_at });
      parted = true;
    }
    if (!marked && entry.seq > unreadAfter! && entry.author.kind === 'customer') {
      rows.push({ kind: 'unread', key: 'unread' });
      marked = parted = true;
    }
    rows.push(rowOf(entry, parted ? undefined : before, entries[at + 1]));
    before = entry;
  }
  return rows;
}

function rowOf(entry: Entry, before: Entry | undefined, after: Entry | undefined): Row {
  const key = keyOf(entry);
  if (entry.event || entry.author.kind === 'system') return { kind: 'line', key, entry };
  return { kind: 'message', key, entry, first: !before || !together(before, entry), last: !after || !together(entry, after) };
}

/** An optimistic message keeps its key when its real self takes its place, so nothing flickers. */
export function keyOf(entry: Entry): string {
  return entry.client_id ? `client-${entry.client_id}` : entry.id;
}

/** Same voice, same channel, same day, no long pause: one group. */
export function together(a: Entry, b: Entry): boolean {
  return (
    !a.event &&
    !b.event &&
    a.author.kind === b.author.kind &&
    (a.author.id ?? a.author.name ?? null) === (b.author.id ?? b.author.name ?? null) &&
    a.note === b.note &&
    a.channel === b.channel &&
    b.created_at - a.created_at < PAUSE &&
    startOfDay(a.created_at) === startOfDay(b.created_at)
  );
}
