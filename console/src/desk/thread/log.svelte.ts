// The messages of one open thread: pages of history, what comes in, and what is
// on its way out. Nothing is shown as sent before the gateway says so.

import * as calls from '../../api/calls';
import { ApiError } from '../../api/client';
import type { Attachment, Message, Outgoing, ThreadDetail } from '../../api/types';
import { Recency } from '../../live/recency';
import { addLeaving, changeLeaving, drop, lastSeq, place, placeAll, type Entry } from './timeline';

const PAGE = 50;

export interface Sender {
  id: string;
  name: string;
}

export class ThreadLog {
  thread: ThreadDetail | null = $state.raw(null);
  entries: Entry[] = $state.raw([]);
  loading = $state(true);
  loadingOlder = $state(false);
  trouble: unknown = $state.raw(null);
  /** Counts how often older messages were put in front, for the scroll keeper. */
  prepended = $state(0);
  #before: string | null = $state(null);
  #recency = new Recency();

  constructor(readonly id: string) {}

  get atBeginning(): boolean {
    return !this.loading && this.#before === null;
  }

  get lastSeq(): number {
    return lastSeq(this.entries);
  }

  async open(): Promise<void> {
    this.loading = true;
    const begun = this.#recency.begin();
    try {
      const [thread, page] = await Promise.all([calls.thread(this.id), calls.messages(this.id, { limit: PAGE })]);
      if (this.#recency.isNews(this.id, begun) || !this.thread) this.thread = thread;
      else this.thread = { ...thread, ...this.thread, identities: thread.identities, handoffs: thread.handoffs };
      this.#before = page.next;
      this.entries = placeAll(this.entries, this.#news(page.items, begun));
      this.trouble = null;
    } catch (cause) {
      this.trouble = cause;
    } finally {
      this.loading = false;
    }
  }

  /** The order changed (a merge, its undoing): forget what is known and read again. */
  async reopen(): Promise<void> {
    const leaving = this.entries.filter((entry) => entry.leaving);
    const begun = this.#recency.begin();
    const size = Math.min(200, Math.max(PAGE, this.entries.length));
    const [thread, page] = await Promise.all([calls.thread(this.id), calls.messages(this.id, { limit: size })]);
    const live = this.entries.filter((entry) => !this.#recency.isNews(entry.id, begun));
    this.thread = thread;
    this.#before = page.next;
    this.entries = placeAll(placeAll(leaving, page.items), live);
  }

  async older(): Promise<void> {
    if (this.loadingOlder || this.#before === null) return;
    this.loadingOlder = true;
    const begun = this.#recency.begin();
    try {
      const page = await calls.messages(this.id, { before: Number(this.#before), limit: PAGE });
      this.prepended++;
      this.entries = placeAll(this.entries, this.#news(page.items, begun));
      this.#before = page.next;
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Everything since the last message we know, and the newest page again, whose states may have moved. */
  async catchUp(): Promise<void> {
    if (this.loading) return;
    let after = this.lastSeq;
    const begun = this.#recency.begin();
    const [thread, newest] = await Promise.all([calls.thread(this.id), calls.messages(this.id, { limit: PAGE })]);
    if (this.#recency.isNews(this.id, begun)) this.thread = thread;
    for (;;) {
      const reached = newest.items[0]?.seq ?? 0;
      if (after === 0 || after >= reached - 1) break;
      const page = await calls.messages(this.id, { after, limit: 200 });
      this.entries = placeAll(this.entries, this.#news(page.items, begun));
      const last = page.items.at(-1)?.seq;
      if (last === undefined || last <= after) break;
      after = last;
    }
    this.entries = placeAll(this.entries, this.#news(newest.items, begun));
  }

  // -------------------------------------------------------------------- news

  hear(message: Message): void {
    this.#recency.hear(message.id);
    // Older than what is loaded: its page will bring it.
    const oldest = this.entries[0];
    if (this.#before !== null && oldest && message.seq < oldest.seq) return;
    this.entries = place(this.entries, message);
  }

  hearThread(thread: Omit<ThreadDetail, 'identities' | 'handoffs'>): void {
    this.#recency.hear(this.id);
    if (this.thread) this.thread = { ...this.thread, ...thread };
  }

  /** Read again where the customer can be written to: a word of theirs opens a window, a block closes one. */
  async renewReach(): Promise<void> {
    const { identities, handoffs } = await calls.thread(this.id);
    if (this.thread) this.thread = { ...this.thread, identities, handoffs };
  }

  /** What a call of ours answered about this thread. */
  settleThread(thread: Omit<ThreadDetail, 'identities' | 'handoffs'>, begun: number): void {
    if (this.thread && this.#recency.isNews(this.id, begun)) this.thread = { ...this.thread, ...thread };
  }

  begin(): number {
    return this.#recency.begin();
  }

  // ----------------------------------------------------------------- sending

  async send(outgoing: Outgoing, by: Sender, shown: { channel: string | null; attachments: Attachment[]; quote: Message | null }): Promise<void> {
    const client_id = crypto.randomUUID();
    const entry = optimistic(this.id, { ...outgoing, client_id }, by, shown, this.entries.at(-1)?.created_at ?? 0);
    this.entries = addLeaving(this.entries, entry);
    await this.#leave(entry);
  }

  /** Once more, with the same client id: if it did arrive the first time, it is the same message. */
  async sendAgain(entry: Entry, identity_id?: string, channel?: string): Promise<void> {
    if (!entry.leaving) return;
    const outgoing = identity_id ? { ...entry.leaving.outgoing, identity_id } : entry.leaving.outgoing;
    const next: Entry = { ...entry, channel: channel ?? entry.channel, leaving: { outgoing, state: 'sending', problem: null } };
    this.entries = this.entries.map((known) => (known.id === entry.id ? next : known));
    await this.#leave(next);
  }

  discard(entry: Entry): void {
    this.entries = drop(this.entries, entry.id);
  }

  async retry(id: string): Promise<void> {
    await this.#settle(() => calls.retryMessage(id));
  }

  async arrived(id: string): Promise<void> {
    await this.#settle(() => calls.messageArrived(id));
  }

  async #leave(entry: Entry): Promise<void> {
    const { outgoing } = entry.leaving!;
    try {
      await this.#settle(() => calls.send(this.id, outgoing));
    } catch (cause) {
      const problem = cause instanceof ApiError ? cause : new ApiError(0, { type: 'unexpected', title: String(cause), status: 0 });
      this.entries = changeLeaving(this.entries, outgoing.client_id, { state: 'unsent', problem });
    }
  }

  async #settle(call: () => Promise<Message>): Promise<void> {
    const begun = this.#recency.begin();
    const message = await call();
    if (this.#recency.isNews(message.id, begun)) this.entries = place(this.entries, message);
  }

  #news(messages: readonly Message[], begun: number): Message[] {
    return messages.filter((message) => this.#recency.isNews(message.id, begun) || !this.entries.some((entry) => entry.id === message.id));
  }
}

function optimistic(
  thread_id: string,
  outgoing: Outgoing & { client_id: string },
  by: Sender,
  shown: { channel: string | null; attachments: Attachment[]; quote: Message | null },
  notBefore: number,
): Entry {
  const { quote } = shown;
  return {
    id: `leaving-${outgoing.client_id}`,
    thread_id,
    seq: Number.MAX_SAFE_INTEGER,
    author: { kind: 'agent', ...by },
    note: outgoing.note ?? false,
    channel: outgoing.note ? null : shown.channel,
    identity_id: outgoing.identity_id ?? null,
    text: outgoing.text,
    attachments: shown.attachments,
    buttons: [],
    reply_to: quote && { id: quote.id, seq: quote.seq, text: quote.text },
    status: 'queued',
    error: null,
    unsupported: null,
    edited_at: null,
    deleted_at: null,
    reactions: [],
    event: null,
    intent: null,
    client_id: outgoing.client_id,
    platform_at: null,
    created_at: Math.max(Date.now(), notBefore),
    leaving: { outgoing, state: 'sending', problem: null },
  };
}
