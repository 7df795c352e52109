// Both clocks of a message, for a tooltip: when the platform says it was written, and when it reached us.

import type { Dictionary } from '../../i18n/en';
import { exact } from '../../i18n/time';
import type { Language, Message } from '../../api/types';

export function clocksOf(message: Message, language: Language, words: Dictionary): string {
  const ours = words.thread.ourClock(exact(message.created_at, language));
  return message.platform_at === null ? ours : `${words.thread.platformClock(exact(message.platform_at, language))}\n${ours}`;
}
