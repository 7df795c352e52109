// One line to the gateway's live stream: connects, notices when it is dead,
// connects again with everything since the last event. It does not know what
// the events mean.

import type { LiveEvent } from '../api/types';
import { FrameReader, type Frame } from './sse';

export type LineState = 'connecting' | 'catching-up' | 'live' | 'offline';

export interface Heard {
  id: number | null;
  event: LiveEvent;
}

interface Listener {
  heard(heard: Heard): void;
  state(state: LineState): void;
  signedOut(): void;
}

/** The gateway says something every 15 s; three silences in a row are a dead line. */
const SILENCE = 45_000;
/** A catch-up that stays quiet for so long is over… */
const QUIET = 400;
/** …and so is one that lasts so long: then it is the present that is busy. */
const LONGEST = 4_000;

export class Line {
  #stop = new AbortController();
  #attempt = 0;
  #catchingUpSince: number | null = null;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private listener: Listener,
    public cursor: number | null,
    private get: typeof fetch = (...call) => globalThis.fetch(...call),
  ) {}

  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.listener.state(this.#attempt === 0 ? 'connecting' : 'offline');
      await this.#once().catch(() => {});
      clearTimeout(this.#quiet);
      clearTimeout(this.#silence);
      if (this.#stop.signal.aborted) return;
      this.listener.state('offline');
      await this.#pause(pauseBefore(this.#attempt++));
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  async #once(): Promise<void> {
    const hangUp = new AbortController();
    // Without a network the open stream may look alive for minutes.
    globalThis.addEventListener?.('offline', () => hangUp.abort(), { once: true, signal: this.#stop.signal });
    const signal = AbortSignal.any([this.#stop.signal, hangUp.signal]);
    const alive = () => {
      clearTimeout(this.#silence);
      this.#silence = setTimeout(() => hangUp.abort(), SILENCE);
    };
    alive();
    const answer = await this.get(liveUrl(this.cursor), {
      signal,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { accept: 'text/event-stream', ...(this.cursor === null ? {} : { 'last-event-id': String(this.cursor) }) },
    });
    if (answer.status === 401) {
      this.stop();
      return this.listener.signedOut();
    }
    if (!answer.ok || !answer.body) return;
    await this.#read(answer.body, alive);
  }

  async #read(body: ReadableStream<Uint8Array>, alive: () => void): Promise<void> {
    const frames = new FrameReader();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      for (const frame of frames.feed(decoder.decode(value, { stream: true }))) this.#hear(frame);
    }
  }

  #hear(frame: Frame): void {
    if (!frame.data) return;
    const event = JSON.parse(frame.data) as LiveEvent;
    const id = frame.id === null || frame.id === '' ? null : Number(frame.id);
    if (event.type === 'hello') {
      this.#attempt = 0;
      this.#catchingUpSince = Date.now();
      if (event.fresh) this.cursor = event.cursor;
      this.listener.state('catching-up');
    } else if (id !== null) {
      this.cursor = Math.max(this.cursor ?? 0, id);
    }
    this.listener.heard({ id, event });
    this.#arrive();
  }

  /** After the hello comes what we missed, at once and without an end mark: live when it falls quiet. */
  #arrive(): void {
    if (this.#catchingUpSince === null) return;
    clearTimeout(this.#quiet);
    const left = this.#catchingUpSince + LONGEST - Date.now();
    this.#quiet = setTimeout(() => this.#live(), Math.max(0, Math.min(QUIET, left)));
  }

  #live(): void {
    this.#catchingUpSince = null;
    this.listener.state('live');
  }

  #pause(time: number): Promise<void> {
    return new Promise((done) => {
      const wake = () => {
        clearTimeout(timer);
        globalThis.removeEventListener?.('online', wake);
        done();
      };
      const timer = setTimeout(wake, time);
      globalThis.addEventListener?.('online', wake);
      this.#stop.signal.addEventListener('abort', wake);
    });
  }
}

function liveUrl(cursor: number | null): string {
  return cursor === null ? '/api/v1/live' : `/api/v1/live?after=${cursor}`;
}

/** Half a second, doubling to a quarter of a minute, never two consoles in step. */
export function pauseBefore(attempt: number, random = Math.random): number {
  return Math.min(15_000, 500 * 2 ** attempt) * (0.75 + random() / 2);
}
