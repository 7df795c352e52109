import { expect, test } from 'vitest';
import { ApiError } from '../src/api/client';
import { lineInWords } from '../src/desk/thread/system-words';
import { clocksApart } from '../src/desk/thread/clocks';
import { message } from './build';
import { shortened } from '../src/desk/thread/long';
import { ScrollKeeper } from '../src/desk/thread/scroll-keeper';
import { dictionaries, speech, t } from '../src/i18n/index.svelte';
import { inWords } from '../src/i18n/problem';
import { ago, brief, clock, dayName, fileSize, money, span, startOfDay } from '../src/i18n/time';

const now = new Date('2026-11-22T14:03:12').getTime();
const HOUR = 3_600_000;

test('every sentence exists in both languages, and none is empty', () => {
  const walk = (a: unknown, b: unknown, path: string): void => {
    expect(typeof b, path).toBe(typeof a);
    if (typeof a === 'string') expect(path.includes('emptyHint') || (a.trim() !== '' && (b as string).trim() !== ''), path).toBe(true);
    else if (typeof a === 'function') expect((b as () => void).length, path).toBeLessThanOrEqual(a.length);
    else {
      expect(Object.keys(b as object).sort(), path).toEqual(Object.keys(a as object).sort());
      for (const key of Object.keys(a as object)) walk((a as never)[key], (b as never)[key], `${path}.${key}`);
    }
  };
  walk(dictionaries.en, dictionaries.vi, 'words');
});

test('the Vietnamese dictionary is Vietnamese', () => {
  const texts: [string, string][] = [];
  const walk = (a: unknown, b: unknown): void => {
    if (typeof a === 'string') texts.push([a, b as string]);
    else if (a && typeof a === 'object') for (const key of Object.keys(a)) walk((a as never)[key], (b as never)[key]);
  };
  walk(dictionaries.en, dictionaries.vi);
  const same = texts.filter(([a, b]) => a === b && a !== '' && !['Bot', 'E-mail', 'Video', '…', dictionaries.vi.answers.tryPlaceholder].includes(a));
  expect(same).toEqual([]);
});

test('days have names', () => {
  expect(dayName(now, now, 'vi')).toBe('Hôm nay');
  expect(dayName(now - 20 * HOUR, now, 'en')).toBe('Yesterday');
  expect(dayName(now - 48 * HOUR, now, 'en')).toBe('Friday 20 November');
  expect(dayName(now - 400 * 24 * HOUR, now, 'en')).toContain('2025');
});

test('a day is as long as the calendar says', () => {
  expect(startOfDay(now)).toBe(new Date('2026-11-22T00:00:00').getTime());
  expect(startOfDay(now - 15 * HOUR)).toBe(new Date('2026-11-21T00:00:00').getTime());
});

test('instants are short in lists and whole in words', () => {
  expect(clock(now, 'vi')).toBe('14:03');
  expect(brief(now - HOUR, now, 'en')).toBe('13:03');
  expect(brief(now - 30 * HOUR, now, 'en')).toBe('Sat');
  expect(brief(now - 20 * 24 * HOUR, now, 'vi')).toMatch(/02.11/);
  expect(ago(now - 10_000, now, 'en')).toBe('now');
  expect(ago(now - 3 * HOUR, now, 'vi')).toBe('3 giờ trước');
});

test('how long is told in one or two units', () => {
  expect([45_000, 3 * 60_000, HOUR + 20 * 60_000, 7.5 * HOUR, 50 * HOUR, -5].map((length) => span(length, 'en'))).toEqual(['45s', '3m', '1h 20m', '7h', '2d 2h', '0s']);
  expect(span(3 * 60_000, 'vi')).toBe('3 phút');
});

test('money stands in minor units; a đồng has none', () => {
  expect(money(459_000, 'VND', 'vi')).toMatch(/^459\.000\s₫$/u);
  expect(money(1050, 'USD', 'en')).toContain('10.50');
  expect(money(5, 'not a currency', 'en')).toBe('5 not a currency');
  expect(fileSize(1_300_000, 'en')).toBe('1.2 MB');
});

test('a system line is worded, with names bare or as objects, and an unknown one is shown', () => {
  const words = dictionaries.en;
  expect(lineInWords({ type: 'taken', agent: { id: 'a', name: 'Mai' } }, words)).toBe('Mai took the thread');
  expect(lineInWords({ type: 'assigned', agent: 'Huy', by: { id: 'a', name: 'Mai' } }, words)).toBe('Mai gave the thread to Huy');
  expect(lineInWords({ type: 'handoff_opened', reason: 'complaint' }, words)).toContain('complaint');
  expect(lineInWords({ type: 'phone_shared', phone: '0912', own: true }, words)).toContain('vouched');
  expect(lineInWords({ type: 'brand_new_thing' }, words)).toBe('brand new thing');
  expect(lineInWords({ type: 'merged' }, words)).toBe('Merged with Customer');
});

test('problems become sentences with what to do', () => {
  speech.speak('en');
  expect(inWords(new ApiError(0, { type: 'unreachable', title: '', status: 0 }))).toBe(t().errors.unreachable);
  expect(inWords(new ApiError(429, { type: 'slow', title: '', status: 429 }, 30))).toContain('30 seconds');
  expect(inWords(new ApiError(409, { type: 'x', title: 'No', status: 409, detail: 'window closed.', hint: 'Use another channel.' }))).toBe('window closed. Use another channel.');
  expect(inWords(new ApiError(409, { type: 'x', title: 'No', status: 409, detail: 'it changed', hint: 'look once more' }))).toBe('it changed; look once more');
  expect(inWords(new Error('secret internals'))).toBe(t().errors.unexpected);
});

test('why a customer cannot be reached is said in the language of the console', () => {
  const barred = (code: string) => new ApiError(409, { type: 'cannot-reach', title: 'No', status: 409, detail: 'In English.', code });
  speech.speak('vi');
  expect(inWords(barred('inbox_disabled'))).toBe(dictionaries.vi.refused.inbox_disabled);
  expect(inWords(barred('other_account'))).toBe(dictionaries.vi.refused.other_account);
  expect(inWords(barred('newer_than_this_console'))).toBe('In English.');
  speech.speak('en');
  expect(inWords(barred('inbox_disabled'))).toBe(dictionaries.en.refused.inbox_disabled);
});

test('a very long text is shortened at a word, and a short one is not', () => {
  expect(shortened('xin chào')).toBeNull();
  const short = shortened('chữ '.repeat(2000))!;
  expect(short.length).toBeLessThan(1500);
  expect(short.endsWith('chữ')).toBe(true);
  expect(shortened('a\n'.repeat(100))!.split('\n')).toHaveLength(20);
});

test('the page follows new messages only for a reader who is at the end', () => {
  const keeper = new ScrollKeeper();
  expect(keeper.grown(10, 0, false)).toBe(true);
  keeper.scrolled({ offset: 1000, size: 3000, viewport: 500 });
  expect(keeper.grown(12, 2, false)).toBe(false);
  expect(keeper.grown(13, 1, false)).toBe(false);
  expect(keeper.missed).toBe(3);
  keeper.scrolled({ offset: 2490, size: 3000, viewport: 500 });
  expect(keeper.atEnd).toBe(true);
  expect(keeper.missed).toBe(0);
});

test('my own message always brings me to the end, and the top asks for older ones', () => {
  const keeper = new ScrollKeeper();
  expect(keeper.scrolled({ offset: 100, size: 3000, viewport: 500 })).toBe(true);
  expect(keeper.grown(5, 1, true)).toBe(true);
  expect(keeper.scrolled({ offset: 2000, size: 3000, viewport: 500 })).toBe(false);
});

test('both clocks stand in plain sight where they are more than a minute apart', () => {
  const at = (platform_at: number | null) => clocksApart(message(1, { created_at: now, platform_at }), 'en', dictionaries.en);
  expect(at(null)).toBeNull();
  expect(at(now - 60_000)).toBeNull();
  expect(at(now - 11 * 60_000)).toBe('Written 13:52 · received here 14:03');
  expect(at(now + 2 * 60_000)).toContain('Written 14:05');
  expect(at(now - 30 * HOUR)).toBe('Written 21 Nov 2026, 08:03 · received here 22 Nov 2026, 14:03');
});
