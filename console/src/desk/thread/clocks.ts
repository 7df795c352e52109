// Both clocks of a message: when the platform says it was written, and when it reached us. Always in
// the tooltip; in plain sight where they tell two stories.

import type { Dictionary } from '../../i18n/en';
import { clock, exact, moment, startOfDay } from '../../i18n/time';
import type { Language, Message } from '../../api/types';

export function clocksOf(message: Message, language: Language, words: Dictionary): string {
  const ours = words.thread.ourClock(exact(message.created_at, language));
  return message.platform_at === null ? ours : `${words.thread.platformClock(exact(message.platform_at, language))}\n${ours}`;
}

/** Further apart than this, and the one does not stand for the other. */
const APART = 60_000;

/** Both, in few words, where they are more than a minute apart. */
export function clocksApart(message: Message, language: Language, words: Dictionary): string | null {
  const { platform_at: theirs, created_at: ours } = message;
  if (theirs === null || Math.abs(ours - theirs) <= APART) return null;
  const short = startOfDay(theirs) === startOfDay(ours) ? clock : moment;
  return words.thread.clocksApart(short(theirs, language), short(ours, language));
}
