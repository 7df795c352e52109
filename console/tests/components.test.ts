import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { expect, test, vi } from 'vitest';
import Delivery from '../src/desk/thread/Delivery.svelte';
import Bubble from '../src/desk/thread/Bubble.svelte';
import SystemLine from '../src/desk/thread/SystemLine.svelte';
import { ThreadLog } from '../src/desk/thread/log.svelte';
import ChannelChips from '../src/desk/reply/ChannelChips.svelte';
import ReplyBox from '../src/desk/reply/ReplyBox.svelte';
import MergeDialog from '../src/desk/panel/MergeDialog.svelte';
import DeadLetters from '../src/pages/inboxes/DeadLetters.svelte';
import InboxCard from '../src/pages/inboxes/InboxCard.svelte';
import InboxDialog from '../src/pages/inboxes/InboxDialog.svelte';
import ImportDialog from '../src/pages/orders/ImportDialog.svelte';
import SignIn from '../src/pages/SignIn.svelte';
import SetUp from '../src/pages/SetUp.svelte';
import { drafts } from '../src/desk/reply/kept';
import { session } from '../src/state/session.svelte';
import { router } from '../src/state/router.svelte';
import { channels, deadLetters, identity, inboxes } from '../dev/seed.ts';
import { asking } from '../src/ui/ask.svelte';
import { by, message } from './build';
import { show } from './component';
import { desk, server } from './setup';

const bubble = (more: Parameters<typeof message>[1]) =>
  show(Bubble, { entry: message(1, more), voice: 'customer' as const, first: true, goTo: () => {}, onimage: () => {} });

async function opened(): Promise<ThreadLog> {
  const log = new ThreadLog(desk.rooms[0]!.thread.id);
  await log.open();
  return log;
}

// ------------------------------------------------------------- what is shown

test('hostile text stays text', () => {
  const { container } = bubble({ text: '<img src=x onerror=alert(1)><b>đậm</b> https://shop.vn/<script>' });
  expect(container.querySelector('img, b, script')).toBeNull();
  expect(container.textContent).toContain('<img src=x onerror=alert(1)><b>đậm</b>');
  const link = container.querySelector('a')!;
  expect(link.getAttribute('href')).toBe('https://shop.vn/');
  expect(link.getAttribute('rel')).toContain('noopener');
});

test('a deleted message says so and shows nothing of what it said', () => {
  const { container } = bubble({ text: 'bí mật', deleted_at: 5 });
  expect(container.textContent).not.toContain('bí mật');
  expect(screen.getByText(/deleted this message/)).toBeTruthy();
});

test('what cannot be shown is named, not dropped', () => {
  bubble({ text: '', unsupported: 'hologram' });
  expect(screen.getByText('hologram')).toBeTruthy();
});

test('every kind of attachment is shown in its form', () => {
  const file = (kind: 'image' | 'audio' | 'video' | 'file', state: 'stored' | 'failed' = 'stored') => ({ type: 'file' as const, id: `${kind}${state}`, kind, name: `${kind}.bin`, mime: null, size: 1000, state, url: `/api/v1/files/${kind}` });
  const { container } = bubble({
    attachments: [file('image'), file('audio'), file('video'), file('file'), file('image', 'failed'), { type: 'location', latitude: 21, longitude: 105, title: 'Hà Nội' }, { type: 'contact', name: 'Tú', phone: '0905' }, { type: 'link', url: 'javascript:alert(1)', title: 'bẫy' }],
  });
  expect(container.querySelectorAll('img')).toHaveLength(1);
  expect(container.querySelector('audio')?.getAttribute('src')).toBe('/api/v1/files/audio');
  expect(container.querySelector('video')).toBeTruthy();
  expect(container.querySelector('a[download]')?.getAttribute('href')).toBe('/api/v1/files/file');
  expect(container.textContent).toContain('link may have expired');
  expect(container.textContent).toContain('Hà Nội');
  expect(container.textContent).toContain('0905');
  expect([...container.querySelectorAll('a')].some((anchor) => anchor.href.startsWith('javascript'))).toBe(false);
});

test('a system line is worded by the console', () => {
  show(SystemLine, { entry: message(1, { author: by('system'), event: { type: 'resolved', agent: { id: 'a', name: 'Mai' } } }) });
  expect(screen.getByText(/Mai resolved it/)).toBeTruthy();
});

// ------------------------------------------------------------------ delivery

test('a failed message names the reason, and Retry is a call that shows what came of it', async () => {
  const log = await opened();
  const failed = log.entries.find((entry) => entry.status === 'failed')!;
  show(Delivery, { entry: failed, log, last: true, onedit: () => {} });
  expect(screen.getByText(/blocked this inbox/)).toBeTruthy();
  server.use(http.post('*/api/v1/messages/:id/retry', () => HttpResponse.json({ type: 'x/conflict', title: 'no', status: 409, detail: 'still blocked' }, { status: 409 })));
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
  expect((await screen.findByRole('alert')).textContent).toContain('still blocked');
  expect(log.entries.find((entry) => entry.id === failed.id)?.status).toBe('failed');
});

test('an uncertain message asks a person: send again, or it arrived', async () => {
  const log = await opened();
  const uncertain = log.entries.find((entry) => entry.status === 'uncertain')!;
  show(Delivery, { entry: uncertain, log, last: true, onedit: () => {} });
  expect(screen.getByRole('button', { name: 'Send again' })).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'It arrived' }));
  await waitFor(() => expect(log.entries.find((entry) => entry.id === uncertain.id)?.status).toBe('sent'));
});

test('a message that waits for another try says why it waits', () => {
  show(Delivery, { entry: message(1, { author: by('bot'), status: 'queued', error: { code: 'throttled', detail: '429', in_part: false } }), log: new ThreadLog('x'), last: true, onedit: () => {} });
  expect(screen.getByText(/asked us to slow down/)).toBeTruthy();
});

test('a reason that the console has no words for is shown as the gateway said it', () => {
  show(Delivery, { entry: message(1, { author: by('bot'), status: 'failed', error: { code: 'refused', detail: 'the platform refused the message (#551)', in_part: false } }), log: new ThreadLog('x'), last: true, onedit: () => {} });
  expect(screen.getByText(/#551/)).toBeTruthy();
});

test('a message whose beginning has gone does not claim that nothing was sent', async () => {
  const error = { code: 'blocked', detail: 'blocked', in_part: true };
  const log = new ThreadLog('x');
  const retry = vi.spyOn(log, 'retry').mockResolvedValue();
  show(Delivery, { entry: message(1, { author: by('bot'), status: 'failed', error }), log, last: true, onedit: () => {} });
  expect(screen.getByText('Sent in part.')).toBeTruthy();
  expect(screen.queryByText(/Not sent/)).toBeNull();
  expect(screen.getByText(/beginning has gone to the customer, the rest has not: The customer has blocked/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Send the rest' }));
  expect(retry).toHaveBeenCalled();
});

test('a withheld answer explains itself', () => {
  show(Delivery, { entry: message(1, { author: by('bot'), status: 'withheld' }), log: new ThreadLog('x'), last: false, onedit: () => {} });
  expect(screen.getByText(/customer never saw it/)).toBeTruthy();
});

test('an answer that was cut short does not claim that nobody saw it', () => {
  show(Delivery, { entry: message(1, { author: by('bot'), status: 'withheld', error: { code: 'cut_short', detail: 'a person took over', in_part: true } }), log: new ThreadLog('x'), last: false, onedit: () => {} });
  expect(screen.getByText(/Its beginning had gone/)).toBeTruthy();
  expect(screen.queryByText(/never saw it/)).toBeNull();
});

// ------------------------------------------------------------- the reply box

async function replyBox(change: (thread: NonNullable<ThreadLog['thread']>) => void = () => {}) {
  const log = await opened();
  const thread = structuredClone(log.thread!);
  change(thread);
  log.thread = thread;
  const send = vi.spyOn(log, 'send').mockResolvedValue();
  show(ReplyBox, { log, thread, quote: null, editing: null });
  const box = screen.getByRole<HTMLTextAreaElement>('textbox');
  await screen.findAllByRole('radio');
  return { log, box, send };
}

test('Enter sends over the chosen channel, Shift+Enter makes a line', async () => {
  const { box, send } = await replyBox();
  await userEvent.type(box, 'Dạ{Shift>}{Enter}{/Shift}vâng{Enter}');
  expect(send).toHaveBeenCalledOnce();
  expect(send.mock.calls[0]![0]).toMatchObject({ text: 'Dạ\nvâng', identity_id: desk.rooms[0]!.customer.identities[0]!.id });
  expect(box.value).toBe('');
  expect(drafts.has(desk.rooms[0]!.thread.id)).toBe(false);
});

test('Enter that ends a composed letter does not send', async () => {
  const { box, send } = await replyBox();
  await userEvent.type(box, 'tie');
  await fireEvent.keyDown(box, { key: 'Enter', isComposing: true });
  expect(send).not.toHaveBeenCalled();
});

test('a closed or blocked channel is shown with its reason and cannot be chosen', async () => {
  const { send, box } = await replyBox();
  const chips = screen.getAllByRole('radio');
  expect(chips).toHaveLength(4);
  const blocked = chips.find((chip) => chip.textContent?.includes('blocked'))!;
  expect(blocked.getAttribute('aria-disabled')).toBe('true');
  await userEvent.click(blocked);
  await userEvent.type(box, 'x{Enter}');
  expect(send.mock.calls[0]![0].identity_id).toBe(desk.rooms[0]!.customer.identities[0]!.id);
});

test('another channel is one press away', async () => {
  const { send, box } = await replyBox();
  await userEvent.click(screen.getAllByRole('radio')[1]!);
  await userEvent.type(box, 'x{Enter}');
  expect(send.mock.calls[0]![0].identity_id).toBe(desk.rooms[0]!.customer.identities[1]!.id);
});

test('a note goes to nobody’s channel', async () => {
  const { send, box } = await replyBox();
  await userEvent.click(screen.getByRole('button', { name: 'Note' }));
  expect(screen.queryByRole('radio')).toBeNull();
  await userEvent.type(box, 'nội bộ{Enter}');
  expect(send.mock.calls[0]![0]).toMatchObject({ text: 'nội bộ', note: true });
  expect(send.mock.calls[0]![0]).not.toHaveProperty('identity_id');
});

test('it says what sending will do to a thread that the bot holds', async () => {
  await replyBox((thread) => Object.assign(thread, { status: 'bot', assignee: null }));
  expect(screen.getByTestId('consequence').textContent).toContain('takes this thread from the bot');
});

test('a slash finds a canned reply and fills in the names', async () => {
  const { box } = await replyBox();
  await userEvent.type(box, '/cha');
  const option = await screen.findByRole('option');
  expect(option.textContent).toContain('/chao');
  await userEvent.keyboard('{Enter}');
  expect(box.value).toBe('Dạ Sen Shop chào Trần Minh Anh, em là Nguyễn Thị Mai, em có thể giúp gì cho mình ạ?');
});

test('what was typed is there again after the thread was left', async () => {
  const first = await replyBox();
  await userEvent.type(first.box, 'đang viết dở');
  document.body.innerHTML = '';
  const { box } = await replyBox();
  expect(box.value).toBe('đang viết dở');
});

test('a pasted file is uploaded, warned about, and sent with the message', async () => {
  const { box, send } = await replyBox();
  await userEvent.click(box);
  await fireEvent.paste(box, { clipboardData: { files: [new File(['abc'], 'a.zip', { type: 'application/zip' })] } });
  await screen.findByText('a.zip');
  await waitFor(() => expect(screen.getByText(/does not take this type/)).toBeTruthy());
  await waitFor(() => expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(false));
  await userEvent.click(screen.getByRole('button', { name: 'Send' }));
  expect(send.mock.calls[0]![0]).toMatchObject({ attachments: ['fil_1'] });
});

// --------------------------------------------------------------- other pages

test('a wrong password says so and does not let in', async () => {
  desk.signedIn = false;
  show(SignIn, {});
  session.leave();
  await userEvent.type(screen.getByLabelText('E-mail'), 'mai@sen.example');
  await userEvent.type(screen.getByLabelText('Password'), 'wrong{Enter}');
  await screen.findByText('E-mail or password is wrong.');
  expect(session.standing).toBe('out');
  await userEvent.type(screen.getByLabelText('Password'), 'right one{Enter}');
  await waitFor(() => expect(session.standing).toBe('in'));
});

test('a used setup link explains what to do', async () => {
  history.replaceState(null, '', '/setup?token=used');
  router.query = new URLSearchParams('token=used');
  show(SetUp, {});
  await screen.findByText(/print a new one/);
});

test('an inbox form is drawn from the channel, and errors stand at their fields', async () => {
  const onclose = vi.fn();
  show(InboxDialog, { channel: channels[0]!, inbox: null, onclose });
  const dialog = await screen.findByRole('dialog');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Connect an inbox' }));
  const token = within(dialog).getByLabelText(/Bot token/);
  await waitFor(() => expect(token.getAttribute('aria-invalid')).toBe('true'));
  expect(token.getAttribute('type')).toBe('password');
  await userEvent.type(token, '123:ABC');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Connect an inbox' }));
  await waitFor(() => expect(onclose).toHaveBeenCalled());
});

test('an import names every line that was not taken', async () => {
  show(ImportDialog, { onclose: () => {} });
  const dialog = await screen.findByRole('dialog');
  await userEvent.type(within(dialog).getByRole('textbox'), 'code,status\nDH1,placed');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Import' }));
  await within(dialog).findByText('2 lines were not taken');
  expect(within(dialog).getByText(/giao roi/)).toBeTruthy();
});

test('a merge is previewed before it is made', async () => {
  const [into, , , from] = desk.rooms;
  const merged = vi.fn();
  server.use(
    http.post('*/api/v1/customers/:id/merge', async ({ request }) => {
      merged(await request.clone().json());
      return desk.answer(request as Request);
    }),
  );
  show(MergeDialog, { open: true, customer: into!.customer, chosen: from!.customer.id, suggestions: [] });
  const dialog = await screen.findByRole('dialog');
  await within(dialog).findByText('What will happen');
  expect(merged).not.toHaveBeenCalled();
  await userEvent.click(within(dialog).getByRole('button', { name: 'Merge' }));
  await waitFor(() => expect(merged).toHaveBeenCalledWith({ from: from!.customer.id }));
});

test('dead letters are replayed together, after one question', async () => {
  const first = deadLetters[0]!;
  if (deadLetters.length < 2) deadLetters.push({ ...first, id: `${first.id}-again` });
  show(DeadLetters, { inboxes });
  await userEvent.click(await screen.findByRole('button', { name: 'Replay all' }));
  expect(asking.question?.title).toContain('comes back here');
  asking.answer(true);
  await waitFor(() => expect(deadLetters).toHaveLength(0));
});

test('a paused inbox and a quota that runs out are said where the channel is chosen', () => {
  const reachable = { state: 'open' as const, until: null, note: null, since: null, paused: 'the token is refused', quota: { remaining: 3, total: 500, noted_at: 0 } };
  show(ChannelChips, { identities: [identity('lantern', 'Lan', { reachable })], chosen: null, onchoose: () => {} });
  const chip = screen.getByRole('radio');
  expect(chip.textContent).toContain('3 left');
  expect(chip.textContent).toContain('Paused');
  expect(chip.getAttribute('title')).toContain('the token is refused');
});

test('a disconnected inbox shows no hook and can be connected again', async () => {
  const inbox = inboxes.find((one) => one.hook_url)!;
  const was = inbox.state;
  inbox.state = 'disabled';
  const { container } = show(InboxCard, { inbox: { ...inbox }, onedit: () => {} });
  expect(container.textContent).not.toContain(inbox.hook_url);
  expect(screen.queryByRole('button', { name: 'Pause' })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Connect again' }));
  await waitFor(() => expect(inbox.state).toBe('active'));
  inbox.state = was;
});
