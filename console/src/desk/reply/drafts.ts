// What was typed but not sent, kept per thread in this browser until it is sent.

export interface Draft {
  text: string;
  note: boolean;
  identity_id: string | null;
  at: number;
}

const PREFIX = 'onethread.draft.';
/** Drafts beyond this are forgotten, oldest first. */
const KEPT = 100;

export class Drafts {
  constructor(private storage: Storage) {}

  read(thread: string): Draft | null {
    try {
      const draft = JSON.parse(this.storage.getItem(PREFIX + thread) ?? 'null') as Draft | null;
      return draft && typeof draft.text === 'string' ? draft : null;
    } catch {
      return null;
    }
  }

  keep(thread: string, draft: Draft): void {
    if (!draft.text.trim()) return this.drop(thread);
    try {
      this.storage.setItem(PREFIX + thread, JSON.stringify(draft));
      this.#forgetOldest();
    } catch {
      // A full or closed storage costs the draft after a reload, nothing else.
    }
  }

  drop(thread: string): void {
    this.storage.removeItem(PREFIX + thread);
  }

  has(thread: string): boolean {
    return this.storage.getItem(PREFIX + thread) !== null;
  }

  #forgetOldest(): void {
    const threads = Object.keys(this.storage).filter((key) => key.startsWith(PREFIX));
    if (threads.length <= KEPT) return;
    const age = (key: string) => this.read(key.slice(PREFIX.length))?.at ?? 0;
    threads.sort((a, b) => age(a) - age(b));
    for (const key of threads.slice(0, threads.length - KEPT)) this.storage.removeItem(key);
  }
}
