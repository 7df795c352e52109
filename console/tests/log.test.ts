import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import { ThreadLog } from '../src/desk/thread/log.svelte';
import { by, message } from './build';
import { desk, server } from './setup';

const me = { id: 'agt_mai', name: 'Mai' };
const shown = { channel: 'pigeon', attachments: [], quote: null };
let log: ThreadLog;

beforeEach(async () => {
  log = new ThreadLog(desk.rooms[0]!.thread.id);
  await log.open();
});
const seqs = () => log.entries.map((entry) => entry.seq);
const whole = () => desk.rooms[0]!.messages;

test('it opens with the newest page and walks back to the beginning without a gap', async () => {
  expect(log.entries).toHaveLength(50);
  expect(log.atBeginning).toBe(false);
  while (!log.atBeginning) await log.older();
  expect(seqs()).toEqual(whole().map((entry) => entry.seq));
});

test('everything since the last message is caught up, even more than one page', async () => {
  const one = desk.rooms[0]!;
  for (let at = 0; at < 330; at++) desk.say(one, { text: `missed ${at}`, channel: 'pigeon' });
  const first = seqs()[0]!;
  await log.catchUp();
  expect(seqs()).toEqual(whole().map((entry) => entry.seq).filter((seq) => seq >= first));
});

test('states that moved while we were away are read again', async () => {
  const failed = whole().find((entry) => entry.status === 'failed')!;
  desk.change(failed, { status: 'delivered', error: null });
  await log.catchUp();
  expect(log.entries.find((entry) => entry.id === failed.id)?.status).toBe('delivered');
});

test('what is sent stands at once as leaving, and once only when the gateway has it', async () => {
  const sending = log.send({ text: 'Dạ em gửi ạ' }, me, shown);
  expect(log.entries.at(-1)!.leaving?.state).toBe('sending');
  await sending;
  const mine = log.entries.filter((entry) => entry.text === 'Dạ em gửi ạ');
  expect(mine).toHaveLength(1);
  expect(mine[0]!.leaving).toBeUndefined();
  expect(mine[0]!.status).toBe('queued');
});

test('a lost answer is shown as unsent, and sending again makes no second message', async () => {
  server.use(
    http.post(
      '*/api/v1/threads/:id/messages',
      async ({ request }) => {
        await desk.answer(request as Request);
        return HttpResponse.error();
      },
      { once: true },
    ),
  );
  await log.send({ text: 'một lần thôi' }, me, shown);
  const unsent = log.entries.at(-1)!;
  expect(unsent.leaving?.state).toBe('unsent');
  expect(unsent.leaving?.problem?.unanswered).toBe(true);
  await log.sendAgain(unsent);
  expect(log.entries.filter((entry) => entry.text === 'một lần thôi')).toHaveLength(1);
  expect(whole().filter((entry) => entry.text === 'một lần thôi')).toHaveLength(1);
});

test('a closed window keeps the message, says why, and another way works', async () => {
  const closed = desk.rooms[0]!.customer.identities.find((one) => one.reachable.state === 'closed')!;
  await log.send({ text: 'lâu rồi', identity_id: closed.id }, me, { ...shown, channel: closed.channel });
  const unsent = log.entries.at(-1)!;
  expect(unsent.leaving?.problem?.slug).toBe('cannot-reach');
  const [other] = unsent.leaving!.problem!.problem.alternatives!;
  await log.sendAgain(unsent, other!.identity_id, other!.channel);
  const sent = log.entries.find((entry) => entry.text === 'lâu rồi')!;
  expect(sent.leaving).toBeUndefined();
  expect(sent.channel).toBe(other!.channel);
});

test('a retry shows success only when the gateway says so', async () => {
  const failed = whole().find((entry) => entry.status === 'failed')!;
  server.use(http.post('*/api/v1/messages/:id/retry', () => HttpResponse.json({ type: 'x/conflict', title: 'no', status: 409, detail: 'still blocked' }, { status: 409 }), { once: true }));
  await expect(log.retry(failed.id)).rejects.toThrow('still blocked');
  expect(log.entries.find((entry) => entry.id === failed.id)?.status).toBe('failed');
  await log.retry(failed.id);
  expect(log.entries.find((entry) => entry.id === failed.id)?.status).toBe('queued');
});

test('an answer that is older than the stream does not undo it', async () => {
  const failed = whole().find((entry) => entry.status === 'failed')!;
  server.use(
    http.post('*/api/v1/messages/:id/retry', () => {
      log.hear({ ...failed, status: 'sent', error: null });
      return HttpResponse.json({ ...failed, status: 'queued', error: null });
    }),
  );
  await log.retry(failed.id);
  expect(log.entries.find((entry) => entry.id === failed.id)?.status).toBe('sent');
});

test('news of a message older than what is loaded does not tear a hole', () => {
  const first = seqs()[0]!;
  log.hear(message(first - 20, { author: by('bot') }));
  expect(seqs()[0]).toBe(first);
});

test('after a merge the thread is read again in its new order, and what is leaving stays', async () => {
  server.use(http.post('*/api/v1/threads/:id/messages', () => HttpResponse.error()));
  await log.send({ text: 'chưa gửi' }, me, shown);
  const one = desk.rooms[0]!;
  one.messages = [...one.messages].reverse().map((entry, at) => ({ ...entry, seq: at + 1 }));
  await log.reopen();
  const settled = log.entries.filter((entry) => !entry.leaving);
  expect(settled.map((entry) => entry.id)).toEqual(one.messages.slice(-settled.length).map((entry) => entry.id));
  expect(log.entries.at(-1)!.text).toBe('chưa gửi');
});
