// The canned replies that open at a slash: which fit, which is marked, and when
// the agent does not want them.

import type { CannedReply } from '../../api/types';
import { matching, slashWord } from './canned';

const SHOWN = 8;

export class SlashMenu {
  caret = $state(0);
  marked = $state(0);
  /** The word for which the menu was sent away. */
  #dismissed: string | null = $state(null);

  constructor(
    private text: () => string,
    private replies: () => readonly CannedReply[],
  ) {}

  #slash = $derived.by(() => slashWord(this.text(), this.caret));

  found: CannedReply[] = $derived.by(() => (this.#slash && this.#slash.word !== this.#dismissed ? matching(this.replies(), this.#slash.word).slice(0, SHOWN) : []));

  get open(): boolean {
    const slash = this.#slash;
    return slash !== null && slash.word !== this.#dismissed && (this.found.length > 0 || slash.word === '');
  }

  /** The caret moved by itself, or by typing: the first one is marked again. */
  look(caret: number): void {
    this.caret = caret;
    this.marked = 0;
  }

  dismiss(): void {
    this.#dismissed = this.#slash?.word ?? null;
  }

  /** The text with this reply in place of the slash, and where the caret stands then. */
  put(filled: string): { text: string; caret: number } | null {
    if (!this.#slash) return null;
    const { from } = this.#slash;
    const text = this.text();
    return { text: text.slice(0, from) + filled + text.slice(this.caret), caret: from + filled.length };
  }

  /** Takes the keys that belong to the open menu; answers the reply that was chosen, or whether the key is used up. */
  press(key: KeyboardEvent): CannedReply | boolean {
    if (!this.open) return false;
    if (key.key === 'Escape') {
      this.dismiss();
      return true;
    }
    const count = this.found.length;
    if (count === 0) return false;
    if (key.key === 'ArrowDown' || key.key === 'ArrowUp') {
      this.marked = (this.marked + (key.key === 'ArrowDown' ? 1 : count - 1)) % count;
      return true;
    }
    const chosen = key.key === 'Enter' || key.key === 'Tab' ? this.found[Math.min(this.marked, count - 1)] : undefined;
    return chosen ?? false;
  }
}
