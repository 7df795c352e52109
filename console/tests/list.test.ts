import { http } from 'msw';
import { expect, test } from 'vitest';
import { append, arrange, belongs } from '../src/desk/list/order';
import { Shelf } from '../src/desk/list/shelf.svelte';
import { urgency } from '../src/desk/list/urgency';
import { newsIn } from '../src/desk/notify';
import { thread } from './build';
import { desk, server } from './setup';

const ids = (threads: { id: string }[]) => threads.map((one) => one.id);
const waiting = (id: string, since: number) => thread(id, { status: 'waiting', waiting_since: since, updated_at: since });

test('who waits longest stands first; elsewhere the latest word does', () => {
  const list = [waiting('a', 10), waiting('b', 20)];
  expect(ids(arrange(list, waiting('c', 15), 'waiting', 'me', true))).toEqual(['a', 'c', 'b']);
  const all = [thread('a', { updated_at: 20 }), thread('b', { updated_at: 10 })];
  expect(ids(arrange(all, thread('b', { updated_at: 30 }), 'all', 'me', true))).toEqual(['b', 'a']);
});

test('a thread that no longer belongs leaves the view', () => {
  const list = [waiting('a', 10), waiting('b', 20)];
  expect(ids(arrange(list, thread('a', { status: 'assigned' }), 'waiting', 'me', true))).toEqual(['b']);
});

test('while there are more pages, what sorts behind them waits for its page', () => {
  const list = [waiting('a', 10), waiting('b', 20)];
  expect(ids(arrange(list, waiting('z', 99), 'waiting', 'me', false))).toEqual(['a', 'b']);
  expect(ids(arrange(list, waiting('z', 99), 'waiting', 'me', true))).toEqual(['a', 'b', 'z']);
  // One that was already shown is not lost, only moved to the end.
  expect(ids(arrange(list, waiting('a', 99), 'waiting', 'me', false))).toEqual(['b', 'a']);
});

test('mine is what I hold, not what I once held', () => {
  const held = thread('a', { status: 'assigned', assignee: { id: 'me', name: 'Me' } });
  expect(belongs(held, 'mine', 'me')).toBe(true);
  expect(belongs({ ...held, status: 'bot' }, 'mine', 'me')).toBe(false);
  expect(belongs(held, 'mine', 'other')).toBe(false);
});

test('a page behind brings nobody twice', () => {
  expect(ids(append([thread('a'), thread('b')], [thread('b'), thread('c')]))).toEqual(['a', 'b', 'c']);
});

test('a shelf loads page after page until there is none', async () => {
  const shelf = new Shelf({ view: 'all', q: '', channel: '' }, () => 'agt_mai');
  await shelf.load();
  expect(shelf.threads).toHaveLength(50);
  while (shelf.hasMore) await shelf.more();
  expect(new Set(ids(shelf.threads)).size).toBe(desk.rooms.length);
});

test('what the stream says while a page is on its way is not undone by the page', async () => {
  const shelf = new Shelf({ view: 'waiting', q: '', channel: '' }, () => 'agt_mai');
  const first = desk.rooms.find((one) => one.thread.status === 'waiting')!;
  server.use(
    http.get('*/api/v1/threads', async ({ request }) => {
      const answer = await desk.answer(request as Request);
      shelf.apply({ ...first.thread, status: 'assigned' });
      return answer;
    }),
  );
  await shelf.load();
  expect(ids(shelf.threads)).not.toContain(first.thread.id);
});

test('a search shows what the gateway found, and only changes rows', async () => {
  const shelf = new Shelf({ view: 'all', q: 'sophie', channel: '' }, () => 'agt_mai');
  await shelf.load();
  const before = shelf.threads.length;
  expect(before).toBeGreaterThan(0);
  shelf.apply(thread('stranger'));
  expect(shelf.threads).toHaveLength(before);
  shelf.apply({ ...shelf.threads[0]!, unread: 9 });
  expect(shelf.threads[0]!.unread).toBe(9);
});

test('a failed load says so and keeps what was there', async () => {
  const shelf = new Shelf({ view: 'all', q: '', channel: '' }, () => 'agt_mai');
  await shelf.load();
  server.use(http.get('*/api/v1/threads', () => new Response(null, { status: 503 })));
  await shelf.load();
  expect(shelf.trouble).toBeTruthy();
  expect(shelf.threads).toHaveLength(50);
});

test('waiting grows louder', () => {
  expect([60_000, 6 * 60_000, 16 * 60_000].map(urgency)).toEqual(['calm', 'soon', 'late']);
});

test('a notification comes for a new wait and for words in my own thread, not for the rest', () => {
  const mine = { status: 'assigned' as const, assignee: { id: 'me', name: 'Me' } };
  const said = (kind: 'customer' | 'bot', created_at: number) => ({ last_message: { author: { kind }, text: '', channel: null, created_at } });
  expect(newsIn(thread('a', { status: 'waiting' }), thread('a'), 'me')).toBe('waiting');
  expect(newsIn(thread('a', { status: 'waiting' }), thread('a', { status: 'waiting' }), 'me')).toBeNull();
  expect(newsIn(thread('a', { ...mine, ...said('customer', 5) }), thread('a', { ...mine, ...said('customer', 4) }), 'me')).toBe('wrote');
  expect(newsIn(thread('a', { ...mine, ...said('bot', 5) }), thread('a', mine), 'me')).toBeNull();
  expect(newsIn(thread('a', { ...mine, ...said('customer', 5) }), thread('a', { ...mine, ...said('customer', 5) }), 'me')).toBeNull();
});
