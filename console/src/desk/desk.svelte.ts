// The desk: the list, the open thread and the live line, held together. What
// happens elsewhere reaches every place that shows it from here.

import * as calls from '../api/calls';
import type { LiveEvent, Message, Thread } from '../api/types';
import type { LineState } from '../live/line';
import { SharedLine } from '../live/shared';
import { queryClient, renew } from '../state/queries';
import { session } from '../state/session.svelte';
import { Shelf, type Wanted } from './list/shelf.svelte';
import { announce } from './notify';
import { ThreadLog } from './thread/log.svelte';
import { Typing } from './thread/typing.svelte';

/** Threads that stay in memory after they were left, so that going back is instant. */
const REMEMBERED = 8;

class Desk {
  line: LineState = $state('connecting');
  shelf: Shelf = $state.raw(new Shelf({ view: 'waiting', q: '', channel: '' }, myId));
  log: ThreadLog | null = $state.raw(null);
  typing = new Typing();
  /** The open thread was folded into another one. */
  gone = $state(false);
  #logs = new Map<string, ThreadLog>();
  #shared: SharedLine | null = null;
  #counting: ReturnType<typeof setTimeout> | undefined;
  #reaching: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    this.#shared = new SharedLine({
      heard: (event) => this.hear(event),
      state: (state) => (this.line = state),
      missed: () => this.missed(),
      signedOut: () => session.leave(),
    });
    this.#shared.start();
    document.addEventListener('visibilitychange', this.#wake);
  }

  stop(): void {
    this.#shared?.stop();
    this.#shared = null;
    document.removeEventListener('visibilitychange', this.#wake);
    this.#logs.clear();
    this.log = null;
    this.shelf = new Shelf({ view: 'waiting', q: '', channel: '' }, myId);
    queryClient.clear();
  }

  show(wanted: Wanted): void {
    const now = this.shelf.wanted;
    if (this.shelf.begun && now.view === wanted.view && now.q === wanted.q && now.channel === wanted.channel) return;
    this.shelf = new Shelf(wanted, myId);
    void this.shelf.load();
  }

  open(id: string | null): void {
    this.gone = false;
    if (id === null) return void (this.log = null);
    if (this.log?.id === id) return;
    const known = this.#logs.get(id);
    this.log = known ?? new ThreadLog(id);
    if (known) void known.catchUp().catch(() => {});
    else void this.log.open();
    this.#remember(this.log);
  }

  hear(event: LiveEvent): void {
    if (event.type === 'message') this.#hearMessage(event);
    else if (event.type === 'thread') this.apply(event.thread);
    else if (event.type === 'resequenced') this.#resequence(event.thread_id);
    else if (event.type === 'thread_gone') this.#drop(event.thread_id);
    else if (event.type === 'typing') this.typing.hear(event.thread_id);
    else if (event.type === 'inbox') renew('inboxes');
    else if (event.type === 'agent') renew('agents');
  }

  /** A thread as it is now, from the stream. */
  apply(thread: Thread): void {
    const before = this.shelf.threads.find((known) => known.id === thread.id) ?? null;
    this.shelf.apply(thread);
    this.#logs.get(thread.id)?.hearThread(thread);
    announce(thread, before, session.me?.id ?? '');
    this.#recount();
  }

  /** A thread as a call of ours answered it. */
  settle(thread: Thread, begun: number): void {
    this.#logs.get(thread.id)?.settleThread(thread, begun);
    this.shelf.apply(thread);
    this.#recount();
  }

  /** Events are gone for good: read everything that is on the page again. */
  missed(): void {
    void this.shelf.load();
    void this.log?.catchUp().catch(() => {});
    for (const id of this.#logs.keys()) if (id !== this.log?.id) this.#logs.delete(id);
    void queryClient.invalidateQueries();
  }

  async seen(id: string, seq: number): Promise<void> {
    await calls.seen(id, seq);
    this.shelf.clearUnread(id);
    this.#recount();
  }

  #hearMessage({ thread_id, message }: { thread_id: string; message: Message }): void {
    this.#logs.get(thread_id)?.hear(message);
    if (message.author.kind === 'customer') this.typing.done(thread_id);
    const changesReach = message.author.kind === 'customer' || message.event !== null || message.status === 'failed';
    if (changesReach && this.log?.id === thread_id) this.#renewReach(this.log);
  }

  #renewReach(log: ThreadLog): void {
    clearTimeout(this.#reaching);
    this.#reaching = setTimeout(() => {
      void log.renewReach().catch(() => {});
      renew('customer');
    }, 300);
  }

  #resequence(id: string): void {
    const log = this.#logs.get(id);
    if (log) void log.reopen().catch(() => this.#logs.delete(id));
    renew('customer');
  }

  #drop(id: string): void {
    this.shelf.drop(id);
    this.#logs.delete(id);
    if (this.log?.id === id) this.gone = true;
    this.#recount();
  }

  #remember(log: ThreadLog): void {
    this.#logs.delete(log.id);
    this.#logs.set(log.id, log);
    for (const id of [...this.#logs.keys()].slice(0, -REMEMBERED)) this.#logs.delete(id);
  }

  #recount(): void {
    clearTimeout(this.#counting);
    this.#counting = setTimeout(() => renew('counts'), 400);
  }

  #wake = () => {
    if (document.visibilityState === 'visible') this.#shared?.check();
  };
}

const myId = () => session.me?.id ?? '';

export const desk = new Desk();
