// Who is typing just now. Platforms say when it begins, hardly any when it ends.

const LASTS = 6_000;

export class Typing {
  #until: Record<string, number> = $state({});

  hear(thread: string): void {
    this.#until[thread] = Date.now() + LASTS;
    setTimeout(() => {
      if ((this.#until[thread] ?? 0) <= Date.now()) delete this.#until[thread];
    }, LASTS + 50);
  }

  done(thread: string): void {
    delete this.#until[thread];
  }

  in(thread: string): boolean {
    return thread in this.#until;
  }
}
