// One question before something that hurts: `if (await ask(…)) …`.

interface Question {
  title: string;
  confirm: string;
  danger: boolean;
  answer: (yes: boolean) => void;
}

class Asking {
  question: Question | null = $state.raw(null);

  answer(yes: boolean): void {
    this.question?.answer(yes);
    this.question = null;
  }
}

export const asking = new Asking();

export function ask(title: string, confirm: string, danger = true): Promise<boolean> {
  asking.answer(false);
  return new Promise((answer) => (asking.question = { title, confirm, danger, answer }));
}
