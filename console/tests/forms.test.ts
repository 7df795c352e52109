import { expect, test } from 'vitest';
import type { FormField, Inbox, Settings } from '../src/api/types';
import { channels, inboxes, orders, settings } from '../dev/seed.ts';
import { fromFields, toFields } from '../src/pages/inboxes/form';
import { fromLines } from '../src/pages/lines';
import { fromForm, toForm } from '../src/pages/orders/draft';
import { formatOf } from '../src/pages/orders/format';
import { fromDraft, toDraft } from '../src/pages/settings/draft';
import { match } from '../src/state/router.svelte';
import { isForDesk } from '../src/desk/keys';

const field = (name: string, more: Partial<FormField> = {}): FormField => ({ name, label: name, hint: '', kind: { type: 'text' }, required: true, secret: false, default: null, ...more });
const inbox = (values: Record<string, unknown>): Inbox => ({ ...inboxes[0]!, settings: values });

test('a new inbox sends what is filled in, with its defaults', () => {
  const fields = channels[0]!.form.fields;
  const typed: Record<string, string> = { ...toFields(fields, null), token: ' 123:ABC ' };
  expect(typed.mode).toBe('webhook');
  expect(fromFields(fields, typed, null)).toEqual({ token: '123:ABC', mode: 'webhook', api_url: 'https://api.pigeon.example' });
});

test('a changed inbox sends what changed, and never an empty secret', () => {
  const fields = [field('page'), field('secret', { secret: true }), field('origins', { kind: { type: 'list' } }), field('url', { required: false })];
  const old = inbox({ page: '1', origins: ['https://a.vn'], url: 'https://x' });
  const typed = toFields(fields, old);
  expect(typed).toEqual({ page: '1', secret: '', origins: 'https://a.vn', url: 'https://x' });
  expect(fromFields(fields, typed, old)).toEqual({});
  expect(fromFields(fields, { ...typed, secret: 'new', origins: 'https://a.vn\n\n https://b.vn ', url: '' }, old)).toEqual({ secret: 'new', origins: ['https://a.vn', 'https://b.vn'], url: null });
});

test('an order survives the form', () => {
  const order = orders[0]!;
  const back = fromForm(toForm(order), order.updated_at);
  expect({ ...back, expected_at: null }).toEqual({ ...order, expected_at: null });
  expect(new Date(back.expected_at!).toDateString()).toBe(new Date(order.expected_at!).toDateString());
  expect(fromForm({ ...toForm(null), code: ' DH1 ', items: [{ name: ' ', quantity: 1, price: 0 }] }, 5)).toMatchObject({ code: 'DH1', items: [], phone: null, expected_at: null, updated_at: 5 });
});

test('the format of an import is told by the name, else by the first letter', () => {
  expect(formatOf('{"code":1}', '')).toBe('application/jsonl');
  expect(formatOf('code,status', '')).toBe('text/csv');
  expect(formatOf('{', 'orders.CSV')).toBe('text/csv');
  expect(formatOf('code', 'orders.jsonl')).toBe('application/jsonl');
});

test('settings survive the form, and a key that is not typed is left out', () => {
  const back = fromDraft(toDraft(settings)) as Settings;
  expect(back.order_source).not.toHaveProperty('header_secret');
  expect({ ...back, order_source: null }).toEqual({ ...settings, order_source: null });
  expect(back.order_source?.pointers).toEqual(settings.order_source?.pointers);
  expect(fromDraft({ ...toDraft(settings), source: false }).order_source).toBeNull();
  expect(fromDraft({ ...toDraft(settings), header_secret: 'k' }).order_source?.header_secret).toBe('k');
});

test('lines are trimmed and empty ones dropped', () => {
  expect(fromLines(' a \n\n b\n')).toEqual(['a', 'b']);
});

test('addresses are matched part by part', () => {
  expect(match('/desk/:view/:thread', '/desk/all/thr%201')).toEqual({ view: 'all', thread: 'thr 1' });
  expect(match('/desk/:view', '/desk/all/x')).toBeNull();
  expect(match('/answers/:id', '/orders/1')).toBeNull();
});

test('a key pressed while typing, in a dialog or with a modifier is not the desk’s', () => {
  const press = (init: KeyboardEventInit, target: Element) => {
    const event = new KeyboardEvent('keydown', { key: 't', bubbles: true, ...init });
    Object.defineProperty(event, 'target', { value: target });
    return event;
  };
  document.body.innerHTML = '<div role="dialog"><p></p></div><textarea></textarea><main></main>';
  expect(isForDesk(press({}, document.querySelector('main')!))).toBe(true);
  expect(isForDesk(press({ ctrlKey: true }, document.querySelector('main')!))).toBe(false);
  expect(isForDesk(press({}, document.querySelector('textarea')!))).toBe(false);
  expect(isForDesk(press({}, document.querySelector('p')!))).toBe(false);
});
