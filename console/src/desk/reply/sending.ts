// What pressing send will change, said before it is pressed. Pure.

import type { Thread } from '../../api/types';
import type { Dictionary } from '../../i18n/en';

export function whatSendingDoes(thread: Thread, note: boolean, me: string, words: Dictionary): string {
  if (note) return words.reply.noteStays;
  if (thread.status === 'bot') return words.reply.takesFromBot;
  if (thread.status === 'waiting') return words.reply.takesFromQueue;
  return thread.assignee && thread.assignee.id !== me ? words.reply.takesFrom(thread.assignee.name) : '';
}
