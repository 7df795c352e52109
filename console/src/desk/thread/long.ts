// How much of a very long text stands in the thread before it is opened.

const LETTERS = 1_400;
const LINES = 24;

/** The beginning of a text that is too long to show whole; nothing when it fits. */
export function shortened(text: string): string | null {
  const lines = text.split('\n');
  if (text.length <= LETTERS && lines.length <= LINES) return null;
  const few = lines.slice(0, LINES - 4).join('\n');
  if (few.length <= LETTERS) return few;
  const cut = few.slice(0, LETTERS - 200);
  const blank = cut.lastIndexOf(' ');
  return blank > LETTERS / 2 ? cut.slice(0, blank) : [...cut].slice(0, -1).join('');
}
