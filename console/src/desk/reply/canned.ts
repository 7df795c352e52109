// Canned replies: found by `/` and a few letters, filled in with names.

import type { CannedReply } from '../../api/types';

/** The word after a `/` that opens the line or follows a blank, up to the caret. */
export function slashWord(text: string, caret: number): { from: number; word: string } | null {
  const match = /(?:^|\s)\/([^\s/]*)$/u.exec(text.slice(0, caret));
  return match ? { from: caret - match[1]!.length - 1, word: match[1]! } : null;
}

export function matching(replies: readonly CannedReply[], word: string): CannedReply[] {
  const wanted = fold(word);
  const rank = (reply: CannedReply) => {
    const shortcut = fold(reply.shortcut.replace(/^\//, ''));
    if (shortcut.startsWith(wanted)) return 0;
    if (shortcut.includes(wanted)) return 1;
    return fold(reply.text).includes(wanted) ? 2 : 3;
  };
  return replies
    .map((reply) => ({ reply, rank: rank(reply) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.reply.shortcut.localeCompare(b.reply.shortcut))
    .map((found) => found.reply);
}

export function fill(text: string, names: { customer: string; agent: string; shop: string }): string {
  return text.replace(/\{(customer|agent|shop)\}/g, (_, name: keyof typeof names) => names[name]);
}

/** Without case and Vietnamese marks, so that `doi tra` finds `đổi trả`. */
export function fold(text: string): string {
  return text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd');
}
