// One question with a target for an answer: `const target = await pickTarget(text)`. Asked from this
// page and from a thread; the dialog that asks is fetched when it is needed.

import type { Target } from '../../api/types';

interface Question {
  /** What a customer wrote. */
  text: string;
  answer: (target: Target | null) => void;
}

class Picking {
  question: Question | null = $state.raw(null);

  answer(target: Target | null): void {
    this.question?.answer(target);
    this.question = null;
  }
}

export const picking = new Picking();

export function pickTarget(text: string): Promise<Target | null> {
  picking.answer(null);
  return new Promise((answer) => (picking.question = { text, answer }));
}
