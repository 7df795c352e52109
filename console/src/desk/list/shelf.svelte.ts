// The threads of one view, page by page, kept in order while they change.

import * as calls from '../../api/calls';
import type { Thread, View } from '../../api/types';
import { append, arrange } from './order';

export interface Wanted {
  view: View;
  q: string;
  channel: string;
}

export class Shelf {
  threads: Thread[] = $state.raw([]);
  loading = $state(true);
  trouble: unknown = $state.raw(null);
  #next: string | null = $state(null);
  #round = 0;
  /** Heard while a page was on its way: newer than what the page says. */
  #meanwhile: Thread[] = [];

  constructor(
    readonly wanted: Wanted,
    private me: () => string,
  ) {}

  get begun(): boolean {
    return this.#round > 0;
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  get searching(): boolean {
    return this.wanted.q !== '' || this.wanted.channel !== '';
  }

  async load(): Promise<void> {
    const round = ++this.#round;
    this.#meanwhile = [];
    this.loading = true;
    try {
      const page = await calls.threads({ ...this.#query(), limit: Math.min(200, Math.max(50, this.threads.length)) });
      if (round !== this.#round) return;
      this.#next = page.next;
      this.threads = page.items;
      this.#meanwhile.forEach((thread) => this.#arrange(thread));
      this.trouble = null;
    } catch (cause) {
      if (round === this.#round) this.trouble = cause;
    } finally {
      if (round === this.#round) this.loading = false;
    }
  }

  async more(): Promise<void> {
    if (this.loading || this.#next === null) return;
    const round = ++this.#round;
    this.#meanwhile = [];
    this.loading = true;
    try {
      const page = await calls.threads({ ...this.#query(), cursor: this.#next });
      if (round !== this.#round) return;
      this.threads = append(this.threads, page.items);
      this.#next = page.next;
      this.#meanwhile.forEach((thread) => this.#arrange(thread));
    } catch (cause) {
      if (round === this.#round) this.trouble = cause;
    } finally {
      if (round === this.#round) this.loading = false;
    }
  }

  /** A thread changed somewhere. */
  apply(thread: Thread): void {
    if (this.loading) this.#meanwhile.push(thread);
    this.#arrange(thread);
  }

  drop(id: string): void {
    this.threads = this.threads.filter((thread) => thread.id !== id);
  }

  /** I have read it. */
  clearUnread(id: string): void {
    this.threads = this.threads.map((thread) => (thread.id === id && thread.unread ? { ...thread, unread: 0 } : thread));
  }

  #arrange(thread: Thread): void {
    // What a search found is the server's business: rows change, but none come or go.
    if (this.searching) this.threads = this.threads.map((known) => (known.id === thread.id ? thread : known));
    else this.threads = arrange(this.threads, thread, this.wanted.view, this.me(), this.#next === null);
  }

  #query() {
    const { view, q, channel } = this.wanted;
    return { view, q: q || undefined, channel: channel || undefined };
  }
}
