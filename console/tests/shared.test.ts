import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LiveEvent } from '../src/api/types';
import type { Heard, LineState } from '../src/live/line';
import { SharedLine, type LineLike } from '../src/live/shared';

/** Tabs of one browser: a channel they all hear, and one lock. */
class Browser {
  #ears = new Set<FakeChannel>();
  #queue: (() => void)[] = [];
  #held = false;

  channel = (() => {
    const browser = this;
    return class extends FakeChannel {
      constructor() {
        super((from, data) => browser.#ears.forEach((ear) => ear !== from && ear.onmessage?.({ data: structuredClone(data) } as MessageEvent)));
        browser.#ears.add(this);
      }
      override close() {
        browser.#ears.delete(this);
      }
    };
  })();

  locks = {
    request: (_name: string, options: { signal: AbortSignal }, work: () => Promise<void>) =>
      new Promise<void>((done, gone) => {
        const run = () => {
          if (options.signal.aborted) return this.#next();
          this.#held = true;
          void work().then(() => (done(), this.#next()));
        };
        options.signal.addEventListener('abort', () => gone(new DOMException('gone', 'AbortError')));
        if (this.#held) this.#queue.push(run);
        else run();
      }),
  };

  #next() {
    this.#held = false;
    this.#queue.shift()?.();
  }
}

class FakeChannel {
  onmessage: ((event: MessageEvent) => void) | null = null;
  constructor(private tell: (from: FakeChannel, data: unknown) => void) {}
  postMessage(data: unknown) {
    this.tell(this, data);
  }
  close() {}
}

class Tab {
  heard: string[] = [];
  missed = 0;
  states: LineState[] = [];
  dialled: number[] = [];
  say!: (heard: Heard) => void;
  line = new SharedLine(
    {
      heard: (event) => this.heard.push((event as { thread_id: string }).thread_id),
      missed: () => this.missed++,
      state: (state) => this.states.push(state),
      signedOut: () => {},
    },
    (ears, cursor): LineLike => {
      this.dialled.push(cursor ?? -1);
      this.say = (heard) => ears.heard(heard);
      return { cursor, run: async () => ears.state('live'), stop: () => {} };
    },
  );
}

const event = (id: number): Heard => ({ id, event: { type: 'resequenced', thread_id: `t${id}` } });
const hello = (cursor: number, fresh: boolean): Heard => ({ id: cursor, event: { type: 'hello', cursor, fresh } satisfies LiveEvent });

beforeEach(() => {
  const browser = new Browser();
  vi.stubGlobal('BroadcastChannel', browser.channel);
  vi.stubGlobal('navigator', { ...navigator, locks: browser.locks });
});
afterEach(() => vi.unstubAllGlobals());

test('one tab holds the line and all tabs hear it', () => {
  const [first, second] = [new Tab(), new Tab()];
  first.line.start();
  second.line.start();
  first.say(hello(10, true));
  first.say(event(11));
  expect([first.dialled.length, second.dialled.length]).toEqual([1, 0]);
  expect(first.heard).toEqual(['t11']);
  expect(second.heard).toEqual(['t11']);
  expect(second.states.at(-1)).toBe('live');
});

test('when the leader closes, another tab goes on where it stood, and nobody hears anything twice', async () => {
  const [first, second] = [new Tab(), new Tab()];
  first.line.start();
  second.line.start();
  first.say(hello(10, true));
  first.say(event(11));
  first.line.stop();
  await Promise.resolve();
  await Promise.resolve();
  expect(second.dialled).toEqual([11]);
  second.say(hello(11, false));
  second.say(event(11));
  second.say(event(12));
  expect(second.heard).toEqual(['t11', 't12']);
});

test('a tab that slept through something loads everything again', () => {
  const [first, second] = [new Tab(), new Tab()];
  first.line.start();
  second.line.start();
  first.say(hello(10, true));
  first.say(event(11));
  const before = second.missed;
  // The second tab sleeps: the channel says nothing to it.
  const real = FakeChannel.prototype.postMessage;
  FakeChannel.prototype.postMessage = () => {};
  first.say(event(12));
  FakeChannel.prototype.postMessage = real;
  second.line.check();
  expect(second.missed).toBe(before + 1);
  first.say(event(13));
  expect(second.heard).toEqual(['t11', 't13']);
});

test('a cursor that is too old means: load everything again', () => {
  const tab = new Tab();
  tab.line.start();
  tab.say(hello(10, true));
  tab.say(event(11));
  tab.say(hello(5000, true));
  expect(tab.missed).toBe(2);
  tab.say(event(5001));
  expect(tab.heard).toEqual(['t11', 't5001']);
});

test('a browser without locks gets a line for each tab', () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  const tab = new Tab();
  tab.line.start();
  expect(tab.dialled).toEqual([-1]);
});
