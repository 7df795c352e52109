import { beforeEach, expect, test } from 'vitest';
import { dictionaries } from '../src/i18n/index.svelte';
import { fill, matching, slashWord } from '../src/desk/reply/canned';
import { Drafts } from '../src/desk/reply/drafts';
import { largest, measure, partsOf, troubleWith } from '../src/desk/reply/limits';
import { defaultIdentity, mayWrite, reachNow } from '../src/desk/reply/reach';
import { whatSendingDoes } from '../src/desk/reply/sending';
import { channels, identity } from '../dev/seed.ts';
import { thread } from './build';

beforeEach(() => localStorage.clear());

test('a draft is kept for its thread until it is sent or emptied', () => {
  const drafts = new Drafts(localStorage);
  drafts.keep('thr_1', { text: 'Dạ em', note: false, identity_id: 'idn_1', at: 1 });
  expect(new Drafts(localStorage).read('thr_1')?.text).toBe('Dạ em');
  expect(drafts.read('thr_2')).toBeNull();
  drafts.keep('thr_1', { text: '  ', note: false, identity_id: null, at: 2 });
  expect(drafts.has('thr_1')).toBe(false);
});

test('the oldest drafts are forgotten, and a broken one does no harm', () => {
  const drafts = new Drafts(localStorage);
  for (let at = 0; at < 130; at++) drafts.keep(`thr_${at}`, { text: 'x', note: false, identity_id: null, at });
  expect(drafts.has('thr_0')).toBe(false);
  expect(drafts.has('thr_129')).toBe(true);
  localStorage.setItem('onethread.draft.broken', '{');
  expect(drafts.read('broken')).toBeNull();
});

test('a slash opens canned replies at the start of a word only', () => {
  expect(slashWord('/ch', 3)).toEqual({ from: 0, word: 'ch' });
  expect(slashWord('Dạ /', 4)).toEqual({ from: 3, word: '' });
  expect(slashWord('và/hoặc', 7)).toBeNull();
  expect(slashWord('/chao em', 8)).toBeNull();
});

test('canned replies are found without marks, shortcuts before texts', () => {
  const replies = [
    { id: '1', shortcut: 'stk', text: 'Tài khoản, đổi sau', updated_at: 0 },
    { id: '2', shortcut: 'đổi-trả', text: 'x', updated_at: 0 },
  ];
  expect(matching(replies, 'doi').map((reply) => reply.id)).toEqual(['2', '1']);
  expect(matching(replies, 'nothing')).toEqual([]);
});

test('placeholders are filled once; a name with braces stays a name', () => {
  expect(fill('{customer} {agent} {shop} {other}', { customer: '{agent}', agent: 'Mai', shop: 'Sen $&' })).toBe('{agent} Mai Sen $& {other}');
});

test('text is measured in the unit of the channel', () => {
  expect(measure('ạ😀', 'chars')).toBe(2);
  expect(measure('ạ😀', 'utf16')).toBe(3);
  expect(measure('ạ😀', 'bytes')).toBe(7);
  const lantern = channels[1]!.capabilities;
  expect(partsOf('x'.repeat(2000), lantern)).toBe(1);
  expect(partsOf('x'.repeat(2001), lantern)).toBe(2);
});

test('a file that the channel will not take is told before it is sent', () => {
  const lantern = channels[1]!.capabilities;
  expect(troubleWith({ size: 6 * 1024 * 1024, mime: 'image/png' }, lantern)).toBe('too-large');
  expect(troubleWith({ size: 10, mime: 'video/mp4' }, lantern)).toBe('wrong-type');
  expect(troubleWith({ size: 10, mime: 'image/webp' }, lantern)).toBeNull();
  expect(troubleWith({ size: 10, mime: 'anything/else' }, channels[0]!.capabilities)).toBeNull();
  const tighter = { ...lantern, file_limits: [{ media: 'image/gif', most: 3000 }, { media: 'image/*', most: 1000 }] };
  expect(troubleWith({ size: 2000, mime: 'image/png' }, tighter)).toBe('too-large');
  expect(troubleWith({ size: 2000, mime: 'image/gif' }, tighter)).toBeNull();
  expect(largest('application/pdf', tighter)).toBe(lantern.file_limit);
});

test('the answer goes where the customer last wrote, unless it cannot', () => {
  const now = 1_000_000;
  const reach = (state: 'open' | 'closed' | 'blocked' | 'unknown', until: number | null = null) => ({ reachable: { state, until, note: null, since: null, paused: null, quota: null } });
  const last = identity('pigeon', 'last', reach('open'));
  const other = identity('lantern', 'other', reach('open'));
  expect(defaultIdentity([other, last], last.id, now)?.id).toBe(last.id);
  expect(defaultIdentity([other, { ...last, ...reach('blocked') }], last.id, now)?.id).toBe(other.id);
  expect(defaultIdentity([{ ...last, ...reach('closed') }], last.id, now)).toBeNull();
  expect(mayWrite({ ...last, ...reach('unknown') }, now)).toBe(true);
});

test('a window that closes while the page is open is closed', () => {
  const one = identity('lantern', 'x', { reachable: { state: 'open', until: 5000, note: null, since: null, paused: null, quota: null } });
  expect(reachNow(one, 4999)).toBe('open');
  expect(reachNow(one, 5000)).toBe('closed');
});

test('what sending will do is said beforehand', () => {
  const words = dictionaries.en;
  const mai = { id: 'agt_mai', name: 'Mai' };
  expect(whatSendingDoes(thread('a'), false, 'agt_mai', words)).toBe(words.reply.takesFromBot);
  expect(whatSendingDoes(thread('a', { status: 'waiting' }), false, 'agt_mai', words)).toBe(words.reply.takesFromQueue);
  expect(whatSendingDoes(thread('a', { status: 'assigned', assignee: mai }), false, 'agt_mai', words)).toBe('');
  expect(whatSendingDoes(thread('a', { status: 'assigned', assignee: mai }), false, 'agt_huy', words)).toContain('Mai');
  expect(whatSendingDoes(thread('a'), true, 'agt_mai', words)).toBe(words.reply.noteStays);
});
