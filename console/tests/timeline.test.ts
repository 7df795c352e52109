import { expect, test } from 'vitest';
import { changeLeaving, lastSeq, place, placeAll, type Entry } from '../src/desk/thread/timeline';
import { message } from './build';

const seqs = (entries: Entry[]) => entries.map((entry) => (entry.leaving ? 'leaving' : entry.seq));
const leaving = (client_id: string): Entry => ({
  ...message(Number.MAX_SAFE_INTEGER, { id: `leaving-${client_id}`, client_id }),
  leaving: { outgoing: { text: 'x', client_id }, state: 'sending', problem: null },
});

test('the same message again changes nothing but itself', () => {
  const entries = placeAll([], [message(1), message(2)]);
  const again = place(entries, message(2, { status: 'read' }));
  expect(seqs(again)).toEqual([1, 2]);
  expect(again[1]!.status).toBe('read');
  expect(again[0]).toBe(entries[0]);
});

test('messages stand by their number, in whatever order they come', () => {
  let entries: Entry[] = [];
  for (const seq of [3, 1, 5, 2, 4, 3, 1]) entries = place(entries, message(seq));
  expect(seqs(entries)).toEqual([1, 2, 3, 4, 5]);
});

test('what is leaving stays at the end until its real self takes its place', () => {
  let entries = placeAll([], [message(1)]);
  entries = [...entries, leaving('c1'), leaving('c2')];
  entries = place(entries, message(2));
  expect(seqs(entries)).toEqual([1, 2, 'leaving', 'leaving']);
  entries = place(entries, message(3, { client_id: 'c1' }));
  expect(seqs(entries)).toEqual([1, 2, 3, 'leaving']);
  expect(entries.at(-1)!.client_id).toBe('c2');
});

test('the answer and the stream bring the same sent message: it stands once', () => {
  let entries: Entry[] = [leaving('c1')];
  entries = place(entries, message(9, { client_id: 'c1' }));
  entries = place(entries, message(9, { client_id: 'c1', status: 'delivered' }));
  expect(entries).toHaveLength(1);
  expect(entries[0]!.status).toBe('delivered');
});

test('a page of history goes in front, and overlaps once', () => {
  const entries = placeAll(placeAll([], [message(3), message(4)]), [message(1), message(2), message(3, { text: 'edited' })]);
  expect(seqs(entries)).toEqual([1, 2, 3, 4]);
  expect(entries[2]!.text).toBe('edited');
});

test('a message that was renumbered by a merge moves', () => {
  const entries = place(placeAll([], [message(1), message(2), message(3)]), { ...message(4), id: 'msg_1' });
  expect(entries.map((entry) => entry.id)).toEqual(['msg_2', 'msg_3', 'msg_1']);
});

test('the last number ignores what is only leaving', () => {
  expect(lastSeq([])).toBe(0);
  expect(lastSeq([message(7), leaving('c1')])).toBe(7);
});

test('a leaving message changes by its client id', () => {
  const entries = changeLeaving([message(1), leaving('c1'), leaving('c2')], 'c2', { state: 'unsent' });
  expect(entries.map((entry) => entry.leaving?.state)).toEqual([undefined, 'sending', 'unsent']);
});

test('ten thousand messages are placed in a blink', () => {
  const many = Array.from({ length: 10_000 }, (_, at) => message(at + 1));
  const began = performance.now();
  let entries = placeAll([], many);
  for (let seq = 10_001; seq < 10_051; seq++) entries = place(entries, message(seq));
  expect(entries).toHaveLength(10_050);
  expect(performance.now() - began).toBeLessThan(500);
});
