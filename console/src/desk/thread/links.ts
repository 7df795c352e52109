// Finds links in a stranger's text. Gives pieces, never markup; only http and
// https become links, and the address behind a link is the one that is shown.

export interface Piece {
  text: string;
  href?: string;
}

const CANDIDATE = /(?:https?:\/\/|www\.)[^\s<>"'`\u0000-\u001f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/giu;

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const typed = withoutTail(match[0]);
    const href = safe(typed);
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: typed, href });
    from = match.index + typed.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** The address if it is one that may be opened, else nothing. */
export function safe(typed: string): string | undefined {
  try {
    const url = new URL(/^www\./i.test(typed) ? `https://${typed}` : typed);
    const web = url.protocol === 'https:' || url.protocol === 'http:';
    return web && url.hostname.includes('.') && !url.username && !url.password ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** A sentence's own punctuation does not belong to the link; a bracket does if it was opened inside. */
function withoutTail(typed: string): string {
  let link = typed;
  for (;;) {
    const last = link.at(-1) ?? '';
    const unopened = last === ')' && !link.includes('(');
    if (!unopened && !'.,;:!?…]}»”’'.includes(last)) return link;
    if (last === '') return link;
    link = link.slice(0, -1);
  }
}
