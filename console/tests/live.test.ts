import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LiveEvent } from '../src/api/types';
import { Line, pauseBefore, type Heard, type LineState } from '../src/live/line';
import { Recency } from '../src/live/recency';
import { FrameReader } from '../src/live/sse';

test('a frame that arrives in pieces is one frame', () => {
  const reader = new FrameReader();
  expect(reader.feed('id: 7\ndata: {"a"')).toEqual([]);
  expect(reader.feed(':1}\n')).toEqual([]);
  expect(reader.feed('\nid:8\r\ndata:x\r\n\r\n: keep-alive\n\n')).toEqual([
    { id: '7', data: '{"a":1}' },
    { id: '8', data: 'x' },
    { id: null, data: '' },
  ]);
});

test('what the stream said after a call began beats what the call answers', () => {
  const recency = new Recency();
  recency.hear('msg_1');
  const begun = recency.begin();
  expect(recency.isNews('msg_1', begun)).toBe(true);
  recency.hear('msg_1');
  expect(recency.isNews('msg_1', begun)).toBe(false);
  expect(recency.isNews('msg_2', begun)).toBe(true);
});

test('pauses grow, have an end, and differ between consoles', () => {
  expect(pauseBefore(0, () => 0.5)).toBe(500);
  expect(pauseBefore(3, () => 0.5)).toBe(4000);
  expect(pauseBefore(30, () => 0.5)).toBe(15_000);
  expect(pauseBefore(3, () => 0)).toBeLessThan(pauseBefore(3, () => 1));
});

// ------------------------------------------------------------------ the line

/** A gateway's side of the line: each connection is a stream that the test writes to and breaks. */
class Exchange {
  calls: { url: string; headers: Headers; write: (text: string) => void; break: () => void; hungUp: boolean }[] = [];
  status = 200;

  get = ((url: string, init: RequestInit) => {
    if (this.status !== 200) return Promise.resolve(new Response(null, { status: this.status }));
    let control!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (control = given) });
    const call = {
      url,
      headers: new Headers(init.headers as Record<string, string>),
      write: (text: string) => control.enqueue(new TextEncoder().encode(text)),
      break: () => control.error(new TypeError('network')),
      hungUp: false,
    };
    init.signal?.addEventListener('abort', () => {
      call.hungUp = true;
      control.error(new DOMException('hung up', 'AbortError'));
    });
    this.calls.push(call);
    return Promise.resolve({ ok: true, status: 200, body } as unknown as Response);
  }) as unknown as typeof fetch;
}

const say = (id: number | null, event: object) => `${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`;
const thread = (id: string) => ({ type: 'resequenced', thread_id: id });
let exchange: Exchange;
let heard: Heard[];
let states: LineState[];
let out: boolean;

function dial(cursor: number | null): Line {
  const line = new Line({ heard: (one) => heard.push(one), state: (state) => states.push(state), signedOut: () => void (out = true) }, cursor, exchange.get);
  void line.run();
  return line;
}

beforeEach(() => {
  vi.useFakeTimers();
  exchange = new Exchange();
  heard = [];
  states = [];
  out = false;
});
afterEach(() => vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(0);

test('after a break the line asks for everything since the last event', async () => {
  const line = dial(null);
  await settle();
  expect(exchange.calls[0]!.url).toBe('/api/v1/live');
  exchange.calls[0]!.write(say(40, { type: 'hello', cursor: 40, fresh: true }) + say(41, thread('a')));
  await settle();
  exchange.calls[0]!.break();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(states).toContain('offline');
  expect(exchange.calls[1]!.url).toBe('/api/v1/live?after=41');
  expect(exchange.calls[1]!.headers.get('last-event-id')).toBe('41');
  line.stop();
});

test('it is catching up until it falls quiet, then live', async () => {
  const line = dial(41);
  await settle();
  exchange.calls[0]!.write(say(41, { type: 'hello', cursor: 41, fresh: false }));
  await settle();
  for (let id = 42; id < 45; id++) {
    await vi.advanceTimersByTimeAsync(300);
    exchange.calls[0]!.write(say(id, thread('a')));
    await settle();
    expect(states.at(-1)).toBe('catching-up');
  }
  await vi.advanceTimersByTimeAsync(500);
  expect(states.at(-1)).toBe('live');
  expect(heard.map((one) => one.id)).toEqual([41, 42, 43, 44]);
  line.stop();
});

test('a present that never falls quiet does not keep it catching up', async () => {
  const line = dial(41);
  await settle();
  exchange.calls[0]!.write(say(41, { type: 'hello', cursor: 41, fresh: false }));
  for (let id = 42; id < 70; id++) {
    await vi.advanceTimersByTimeAsync(200);
    exchange.calls[0]!.write(say(id, thread('a')));
  }
  expect(states.at(-1)).toBe('live');
  line.stop();
});

test('a line that has gone silent is dead and is dialled again; keep-alives keep it', async () => {
  const line = dial(1);
  await settle();
  for (let at = 0; at < 6; at++) {
    exchange.calls[0]!.write(': keep-alive\n\n');
    await vi.advanceTimersByTimeAsync(15_000);
  }
  expect(exchange.calls).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(50_000);
  expect(exchange.calls[0]!.hungUp).toBe(true);
  expect(exchange.calls.length).toBeGreaterThan(1);
  line.stop();
});

test('signed out ends the line instead of trying for ever', async () => {
  exchange.status = 401;
  dial(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(out).toBe(true);
  expect(exchange.calls).toHaveLength(0);
});

test('an event without an id, such as typing, does not move the cursor', async () => {
  const line = dial(9);
  await settle();
  exchange.calls[0]!.write(say(9, { type: 'hello', cursor: 9, fresh: false }) + say(null, { type: 'typing', thread_id: 'a', identity_id: null }));
  await settle();
  expect(heard.at(-1)).toEqual({ id: null, event: { type: 'typing', thread_id: 'a', identity_id: null } satisfies LiveEvent });
  expect(line.cursor).toBe(9);
  line.stop();
});

test('a browser that loses its network shows it at once and dials again when it is back', async () => {
  const line = dial(5);
  await settle();
  exchange.calls[0]!.write(say(5, { type: 'hello', cursor: 5, fresh: false }));
  await vi.advanceTimersByTimeAsync(500);
  expect(states.at(-1)).toBe('live');
  dispatchEvent(new Event('offline'));
  await settle();
  expect(states.at(-1)).toBe('offline');
  dispatchEvent(new Event('online'));
  await settle();
  expect(exchange.calls).toHaveLength(2);
  line.stop();
});
