// How each voice of a thread looks: side, ground, border. Form and words differ
// too (icon, name, side, line), so that colour alone never has to tell them apart.

import type { Entry } from './timeline';

export type Voice = 'customer' | 'bot' | 'mine' | 'agent' | 'note';

export function voiceOf(entry: Entry, me: string): Voice {
  if (entry.note) return 'note';
  if (entry.author.kind === 'customer') return 'customer';
  if (entry.author.kind === 'bot') return 'bot';
  return entry.author.id === me ? 'mine' : 'agent';
}

export const looks: Record<Voice, { side: 'start' | 'end'; bubble: string }> = {
  customer: { side: 'start', bubble: 'bg-surface border-line' },
  bot: { side: 'end', bubble: 'bg-bot-soft border-bot-line' },
  mine: { side: 'end', bubble: 'bg-accent-soft border-accent-line' },
  agent: { side: 'end', bubble: 'bg-accent-soft border-accent-line' },
  note: { side: 'end', bubble: 'bg-note-soft border-note-line border-dashed' },
};
