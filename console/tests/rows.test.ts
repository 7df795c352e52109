import { expect, test } from 'vitest';
import { rowsOf } from '../src/desk/thread/rows';
import { by, message } from './build';

const noon = new Date('2026-11-20T12:00:00').getTime();
const minute = 60_000;
const at = (minutes: number) => ({ created_at: noon + minutes * minute });
const shape = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) => (row.kind === 'message' ? `${row.entry.seq}${row.first ? '[' : ''}${row.last ? ']' : ''}` : row.kind));

test('one voice on one channel without a long pause is one group', () => {
  const rows = rowsOf([message(1, at(0)), message(2, at(1)), message(3, at(2))], null);
  expect(shape(rows)).toEqual(['day', '1[', '2', '3]']);
});

test('another author, channel or note, or a pause, starts a new group', () => {
  const entries = [
    message(1, { ...at(0), channel: 'pigeon' }),
    message(2, { ...at(1), channel: 'lantern' }),
    message(3, { ...at(2), author: by('bot'), channel: 'lantern' }),
    message(4, { ...at(3), author: { kind: 'agent', id: 'a', name: 'A' }, channel: 'lantern' }),
    message(5, { ...at(4), author: { kind: 'agent', id: 'b', name: 'B' }, channel: 'lantern' }),
    message(6, { ...at(5), author: { kind: 'agent', id: 'b', name: 'B' }, note: true }),
    message(7, { ...at(30), author: { kind: 'agent', id: 'b', name: 'B' }, note: true }),
  ];
  expect(shape(rowsOf(entries, null)).slice(1)).toEqual(['1[]', '2[]', '3[]', '4[]', '5[]', '6[]', '7[]']);
});

test('midnight parts a group even within a minute', () => {
  const midnight = new Date('2026-11-21T00:00:00').getTime();
  const rows = rowsOf([message(1, { created_at: midnight - 1000 }), message(2, { created_at: midnight + 1000 })], null);
  expect(shape(rows)).toEqual(['day', '1[]', 'day', '2[]']);
});

test('a system line is a line of its own and parts a group', () => {
  const rows = rowsOf([message(1, at(0)), message(2, { ...at(1), author: by('system'), event: { type: 'released' } }), message(3, at(2))], null);
  expect(shape(rows)).toEqual(['day', '1[]', 'line', '3[]']);
});

test('the unread mark stands once, before the first unread message of the customer', () => {
  const rows = rowsOf([message(1, at(0)), message(2, { ...at(1), author: by('bot') }), message(3, at(2)), message(4, at(3))], 1);
  expect(shape(rows)).toEqual(['day', '1[]', '2[]', 'unread', '3[', '4]']);
});

test('no two rows share a key', () => {
  const entries = Array.from({ length: 300 }, (_, seq) => message(seq + 1, { created_at: noon + seq * 700 * minute }));
  const keys = rowsOf(entries, 10).map((row) => row.key);
  expect(new Set(keys).size).toBe(keys.length);
});
