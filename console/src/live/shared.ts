// One line for all tabs of a browser: whoever holds the lock keeps the line and
// tells the others. Every tab counts for itself what it has heard, so a tab that
// slept through something notices, and a new leader goes on where it stood.

import type { LiveEvent } from '../api/types';
import { Line, type Heard, type LineState } from './line';

interface Ears {
  heard(event: LiveEvent): void;
  state(state: LineState): void;
  /** Something was missed that nobody will repeat: load everything again. */
  missed(): void;
  signedOut(): void;
}

type Word =
  | { say: 'heard'; heard: Heard; before: number | null }
  | { say: 'state'; state: LineState; cursor: number | null }
  | { say: 'how-is-it' };

export interface LineLike {
  run(): Promise<void>;
  stop(): void;
  cursor: number | null;
}

type Dial = (...words: ConstructorParameters<typeof Line>) => LineLike;

export class SharedLine {
  #heardUpTo: number | null = null;
  #state: LineState = 'connecting';
  #line: LineLike | null = null;
  #channel: BroadcastChannel | null = null;
  #leave = new AbortController();
  #release: () => void = () => {};

  constructor(
    private ears: Ears,
    private dial: Dial = (...words) => new Line(...words),
  ) {}

  start(): void {
    const shares = typeof BroadcastChannel !== 'undefined' && globalThis.navigator?.locks;
    if (!shares) return void this.#lead();
    this.#channel = new BroadcastChannel('onethread-live');
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => this.#told(data);
    this.#tell({ say: 'how-is-it' });
    navigator.locks
      .request('onethread-live', { signal: this.#leave.signal }, () => this.#lead())
      .catch(() => {});
  }

  stop(): void {
    this.#leave.abort();
    this.#line?.stop();
    this.#line = null;
    this.#channel?.close();
    this.#release();
  }

  /** A tab that wakes up asks what it slept through. */
  check(): void {
    if (!this.#line) this.#tell({ say: 'how-is-it' });
  }

  #lead(): Promise<void> {
    if (this.#leave.signal.aborted) return Promise.resolve();
    this.#line = this.dial(
      {
        heard: (heard) => this.#hearFirst(heard),
        state: (state) => this.#change(state),
        signedOut: () => this.ears.signedOut(),
      },
      this.#heardUpTo,
    );
    void this.#line.run();
    return new Promise((done) => (this.#release = done));
  }

  #hearFirst(heard: Heard): void {
    const before = this.#heardUpTo;
    this.#hear(heard);
    this.#tell({ say: 'heard', heard, before });
  }

  #change(state: LineState): void {
    this.#state = state;
    this.ears.state(state);
    this.#tell({ say: 'state', state, cursor: this.#heardUpTo });
  }

  #told(word: Word): void {
    if (word.say === 'how-is-it') {
      if (this.#line) this.#tell({ say: 'state', state: this.#state, cursor: this.#heardUpTo });
    } else if (this.#line) {
      return;
    } else if (word.say === 'state') {
      this.#catchUpWith(word.cursor);
      this.ears.state(word.state);
    } else {
      this.#catchUpWith(word.before);
      this.#hear(word.heard);
    }
  }

  /** The leader is further than we are: between us lies what we missed. */
  #catchUpWith(cursor: number | null): void {
    if (cursor === null || (this.#heardUpTo ?? -1) >= cursor) return;
    const first = this.#heardUpTo === null;
    this.#heardUpTo = cursor;
    if (!first) this.ears.missed();
  }

  #hear({ id, event }: Heard): void {
    if (event.type === 'hello') {
      if (!event.fresh) return;
      this.#heardUpTo = event.cursor;
      return this.ears.missed();
    }
    if (id !== null) {
      if (id <= (this.#heardUpTo ?? -1)) return;
      this.#heardUpTo = id;
    }
    this.ears.heard(event);
  }

  #tell(word: Word): void {
    this.#channel?.postMessage(word);
  }
}
