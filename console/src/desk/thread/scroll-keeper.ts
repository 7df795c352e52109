// Decides where the page should stand: at the newest while the reader is there,
// untouched while they read further up. Counts what came meanwhile. No DOM.

/** So close to the end counts as being there. */
const NEAR_END = 60;
/** So close to the beginning older messages are fetched. */
const NEAR_TOP = 600;

export interface View {
  offset: number;
  size: number;
  viewport: number;
}

export class ScrollKeeper {
  atEnd = true;
  missed = 0;
  #lastSeq = 0;

  /** The reader scrolled. Answers whether older messages are wanted. */
  scrolled(view: View): boolean {
    this.atEnd = view.size - view.offset - view.viewport <= NEAR_END;
    if (this.atEnd) this.missed = 0;
    return view.offset < NEAR_TOP;
  }

  /** Messages changed. Answers whether to go to the end. */
  grown(lastSeq: number, fresh: number, mine: boolean): boolean {
    const came = lastSeq > this.#lastSeq;
    this.#lastSeq = lastSeq;
    if (mine) this.atEnd = true;
    if (came && !this.atEnd) this.missed += fresh;
    return this.atEnd;
  }

  jumped(): void {
    this.atEnd = true;
    this.missed = 0;
  }
}
