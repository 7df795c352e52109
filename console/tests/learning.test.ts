// Teaching the bot: what a group shows and files, and that the list stays where it is.

import { screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import type { MissedGroup, Rehearsal } from '../src/api/types';
import { dictionaries } from '../src/i18n/index.svelte';
import Changes from '../src/pages/learning/Changes.svelte';
import { without } from '../src/pages/learning/filing';
import GroupCard from '../src/pages/learning/GroupCard.svelte';
import Missed from '../src/pages/learning/Missed.svelte';
import { choices, nameOf } from '../src/pages/learning/names';
import { show } from './component';
import { server } from './setup';

const group = (id: string, text: string, more: Partial<MissedGroup> = {}): MissedGroup => ({
  message_ids: [id, `${id}b`],
  language: 'vi',
  newest_at: Date.now() - 60_000,
  examples: [{ message_id: id, thread_id: 'thr_1', text, at: 1, times: 2 }],
  suggestions: [{ kind: 'intent', target: 'stock', probability: 0.41 }],
  ...more,
});
const answer = (id: string, title: string, enabled = true) => ({ id, title, enabled, updated_at: 1, vi: { text: 'Dạ', questions: ['có thêu tên không'] }, en: { text: '', questions: [] } });

test('hostile text in a group stays text, and a suggestion files the whole group', async () => {
  const filed: unknown[] = [];
  const { container } = show(GroupCard, { group: group('msg_1', '<b onclick=x>thêu</b>'), busy: false, onfile: (target: unknown) => filed.push(target), ondismiss: () => {} });
  expect(container.querySelector('b')).toBeNull();
  expect(container.textContent).toContain('<b onclick=x>thêu</b>');
  await userEvent.click(screen.getByRole('button', { name: /^Product or stock/ }));
  await userEvent.click(screen.getByRole('button', { name: 'Not for the bot' }));
  expect(filed).toEqual([{ kind: 'intent', target: 'stock' }, { kind: 'not_mine', target: '' }]);
});

test('a group that is dealt with leaves, the others stay in their order', async () => {
  const bodies: unknown[] = [];
  server.use(
    http.get('*/api/v1/learning/missed', () => HttpResponse.json({ groups: [group('msg_1', 'thêu tên'), group('msg_2', 'gửi xe')], messages: 4, more: false })),
    http.post('*/api/v1/learning/missed/dismiss', async ({ request }) => {
      bodies.push(await request.json());
      return new HttpResponse(null, { status: 204 });
    }),
  );
  show(Missed, {});
  await screen.findByText('thêu tên');
  await userEvent.click(screen.getAllByRole('button', { name: 'Dismiss' })[0]!);
  await waitFor(() => expect(screen.queryByText('thêu tên')).toBeNull());
  expect(screen.getByText('gửi xe')).toBeTruthy();
  expect(bodies).toEqual([{ message_ids: ['msg_1', 'msg_1b'] }]);
});

test('what is refused keeps the group where it is', async () => {
  server.use(
    http.get('*/api/v1/learning/missed', () => HttpResponse.json({ groups: [group('msg_1', 'thêu tên')], messages: 2, more: false })),
    http.post('*/api/v1/learning/phrases', () => HttpResponse.json({ type: 'x/does-not-fit', title: 'Does not fit', status: 409, detail: 'the draft is full' }, { status: 409 })),
  );
  show(Missed, {});
  await screen.findByText('thêu tên');
  await userEvent.click(screen.getByRole('button', { name: 'Not for the bot' }));
  await waitFor(() => expect(screen.getByRole('button', { name: 'Not for the bot' })).toHaveProperty('disabled', false));
  expect(screen.getByText('thêu tên')).toBeTruthy();
});

test('the count goes down by the messages of the group', () => {
  const [one, two] = [group('msg_1', 'a'), group('msg_2', 'b')];
  expect(without({ groups: [one, two], messages: 9, more: true }, one)).toEqual({ groups: [two], messages: 7, more: true });
});

test('a target has its name, and is found without marks', () => {
  const answers = [answer('ans_1', 'Phí giao hàng'), answer('ans_2', 'Thêu tên'), answer('ans_3', 'Đã tắt', false)];
  const words = dictionaries.vi;
  expect(nameOf({ kind: 'answer', target: 'ans_1' }, answers, words)).toBe('Phí giao hàng');
  expect(nameOf({ kind: 'answer', target: 'ans_9' }, answers, words)).toBe(words.learning.gone);
  expect(nameOf({ kind: 'intent', target: 'refund' }, answers, words)).toBe('Hoàn tiền');
  expect(nameOf({ kind: 'not_mine', target: '' }, answers, words)).toBe(words.learning.notMine);
  expect(choices(answers, words).answers.map((one) => one.target)).toEqual(['ans_1', 'ans_2']);
  expect(choices(answers, words, 'phi giao').answers.map((one) => one.target)).toEqual(['ans_1']);
  expect(choices(answers, words, 'hoan tien').intents.map((one) => one.target)).toEqual(['refund']);
});

test('a change says what the bot does now and would do then', () => {
  const change: Rehearsal['changes'][number] = {
    text: '<i>blorp</i>',
    message_id: 'msg_1',
    thread_id: 'thr_1',
    times: 3,
    taught: false,
    before: { does: 'acts', target: 'stock', probability: 0.5 },
    after: { does: 'misses', target: null, probability: 0.7 },
  };
  const { container } = show(Changes, { changes: [change] });
  expect(container.querySelector('i')).toBeNull();
  expect(container.textContent).toMatch(/Now:\s*.*50%.*Then:\s*does not understand/s);
  expect(screen.getByText('side effect')).toBeTruthy();
});
