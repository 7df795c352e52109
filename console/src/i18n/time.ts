// Instants as people say them, by the browser's own Intl. Pure: now and language are given.

import type { Language } from '../api/types';

const DAY = 86_400_000;
const made = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  let found = made.get(key);
  if (!found) made.set(key, (found = new Intl.DateTimeFormat(locale(language), options)));
  return found;
}

export const locale = (language: Language): string => (language === 'vi' ? 'vi-VN' : 'en-GB');

let dayFrom = 0;
let dayTo = 0;

/** Local midnight. Remembers the last day, because neighbours mostly share it. */
export function startOfDay(at: number): number {
  if (at >= dayFrom && at < dayTo) return dayFrom;
  const midnight = new Date(at);
  midnight.setHours(0, 0, 0, 0);
  dayFrom = midnight.getTime();
  midnight.setDate(midnight.getDate() + 1);
  dayTo = midnight.getTime();
  return dayFrom;
}

function daysBetween(at: number, now: number): number {
  return Math.round((startOfDay(now) - startOfDay(at)) / DAY);
}

/** 14:03 */
export function clock(at: number, language: Language): string {
  return format(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** Sunday 22 November 2026, 14:03:12 */
export function exact(at: number, language: Language): string {
  return format(language, { dateStyle: 'full', timeStyle: 'medium', hourCycle: 'h23' }).format(at);
}

/** 22 Nov 2026, 14:03 */
export function moment(at: number, language: Language): string {
  return format(language, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(at);
}

export function date(at: number, language: Language): string {
  return format(language, { day: '2-digit', month: '2-digit', year: 'numeric' }).format(at);
}

/** The name of a day in a thread: today, yesterday, Friday 20 November. */
export function dayName(at: number, now: number, language: Language): string {
  const days = daysBetween(at, now);
  if (days >= 0 && days <= 1) return capital(new Intl.RelativeTimeFormat(locale(language), { numeric: 'auto' }).format(-days, 'day'));
  const thisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return capital(
    format(language, { weekday: 'long', day: 'numeric', month: 'long', ...(thisYear ? {} : { year: 'numeric' }) }).format(at),
  );
}

/** Short, for a row of a list: 14:03, Fri, 20/11. */
export function brief(at: number, now: number, language: Language): string {
  const days = daysBetween(at, now);
  if (days <= 0) return clock(at, language);
  if (days < 7) return format(language, { weekday: 'short' }).format(at);
  return format(language, { day: '2-digit', month: '2-digit' }).format(at);
}

/** How long: 45s, 3m, 1h 20m, 2d. */
export function span(length: number, language: Language): string {
  const seconds = Math.max(0, Math.floor(length / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return unit(seconds, 'second', language);
  if (hours < 1) return unit(minutes, 'minute', language);
  const days = Math.floor(hours / 24);
  // One hour of a window that lasts two days must not make it look half as long.
  if (days >= 1) return days < 3 && hours % 24 ? `${unit(days, 'day', language)} ${unit(hours % 24, 'hour', language)}` : unit(days, 'day', language);
  const rest = minutes % 60;
  return rest && hours < 6 ? `${unit(hours, 'hour', language)} ${unit(rest, 'minute', language)}` : unit(hours, 'hour', language);
}

const SHORT: Record<Language, Record<'second' | 'minute' | 'hour' | 'day', string>> = {
  en: { second: 's', minute: 'm', hour: 'h', day: 'd' },
  vi: { second: ' giây', minute: ' phút', hour: ' giờ', day: ' ngày' },
};

function unit(count: number, name: 'second' | 'minute' | 'hour' | 'day', language: Language): string {
  return `${count}${SHORT[language][name]}`;
}

/** 3 minutes ago, yesterday, in 2 hours. */
export function ago(at: number, now: number, language: Language): string {
  const words = new Intl.RelativeTimeFormat(locale(language), { numeric: 'auto' });
  const seconds = Math.round((at - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return words.format(0, 'second');
  if (size < 3_600) return words.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return words.format(Math.round(seconds / 3_600), 'hour');
  if (size < 30 * 86_400) return words.format(Math.round(seconds / 86_400), 'day');
  return date(at, language);
}

/** Money in minor units: đồng has none. */
export function money(amount: number, currency: string, language: Language): string {
  try {
    const words = new Intl.NumberFormat(locale(language), { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
    return words.format(amount / 10 ** (words.resolvedOptions().maximumFractionDigits ?? 0));
  } catch {
    return `${amount} ${currency}`;
  }
}

export function fileSize(bytes: number, language: Language): string {
  const [value, name] = bytes < 1024 * 1024 ? [bytes / 1024, 'kB'] : [bytes / 1024 / 1024, 'MB'];
  return `${new Intl.NumberFormat(locale(language), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(Math.max(value, 0.1))} ${name}`;
}

function capital(words: string): string {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}
