// The order of a thread's messages: pure, by sequence, each message once.
// Ours that have no number yet stand at the end, in the order they were typed.

import type { ApiError } from '../../api/client';
import type { Message, Outgoing } from '../../api/types';

/** A message on its way from this console to the gateway. */
export interface Leaving {
  outgoing: Outgoing & { client_id: string };
  state: 'sending' | 'unsent';
  problem: ApiError | null;
}

export type Entry = Message & { leaving?: Leaving };

export const isLeaving = (entry: Entry): boolean => entry.leaving !== undefined;

/** Put a message where it belongs: over its older self, over our own optimistic copy, or between its neighbours. */
export function place(entries: readonly Entry[], message: Message): Entry[] {
  const same = entries.findIndex((entry) => entry.id === message.id);
  if (same >= 0 && entries[same]!.seq === message.seq) return entries.with(same, message);
  const others = entries.filter((entry) => entry.id !== message.id && !isOptimisticCopy(entry, message));
  others.splice(positionOf(others, message.seq), 0, message);
  return others;
}

/** Many at once: a page of history, or what came while we were away. */
export function placeAll(entries: readonly Entry[], messages: readonly Message[]): Entry[] {
  if (messages.length === 0) return [...entries];
  const fresh = new Map(messages.map((message) => [message.id, message]));
  const clients = new Set<string | null>(messages.map((message) => message.client_id).filter((id) => id !== null));
  const kept = entries.filter((entry) => !fresh.has(entry.id) && !(entry.leaving && clients.has(entry.client_id)));
  const settled = kept.filter((entry) => !isLeaving(entry));
  return [...[...settled, ...fresh.values()].sort((a, b) => a.seq - b.seq), ...kept.filter(isLeaving)];
}

export function addLeaving(entries: readonly Entry[], entry: Entry): Entry[] {
  return [...entries, entry];
}

export function changeLeaving(entries: readonly Entry[], client_id: string, change: Partial<Leaving>): Entry[] {
  return entries.map((entry) =>
    entry.leaving && entry.client_id === client_id ? { ...entry, leaving: { ...entry.leaving, ...change } } : entry,
  );
}

export function drop(entries: readonly Entry[], id: string): Entry[] {
  return entries.filter((entry) => entry.id !== id);
}

/** The newest number that the gateway gave; 0 in an empty thread. */
export function lastSeq(entries: readonly Entry[]): number {
  for (let at = entries.length - 1; at >= 0; at--) if (!isLeaving(entries[at]!)) return entries[at]!.seq;
  return 0;
}

function isOptimisticCopy(entry: Entry, message: Message): boolean {
  return isLeaving(entry) && message.client_id !== null && entry.client_id === message.client_id;
}

function positionOf(entries: readonly Entry[], seq: number): number {
  let at = entries.length;
  while (at > 0 && (isLeaving(entries[at - 1]!) || entries[at - 1]!.seq > seq)) at--;
  return at;
}
