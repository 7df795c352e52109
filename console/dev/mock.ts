// The dev server's own gateway, from memory: `npm run dev:mock`. Sign in with anything.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import type { LiveEvent } from '../src/api/types.ts';
import { MemoryDesk } from './desk.ts';

export function mock(): Plugin {
  const desk = new MemoryDesk();
  return {
    name: 'desk-from-memory',
    configureServer(server) {
      server.middlewares.use((call, answer, next) => {
        if (!call.url?.startsWith('/api/v1/')) return next();
        if (call.url.startsWith('/api/v1/live')) return stream(desk, call, answer);
        void pass(desk, call, answer).catch(next);
      });
      setInterval(() => stir(desk), 7_000).unref();
    },
  };
}

async function pass(desk: MemoryDesk, call: IncomingMessage, answer: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of call) chunks.push(chunk as Buffer);
  const body = chunks.length ? Buffer.concat(chunks) : undefined;
  const headers = Object.entries(call.headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  const response = await desk.answer(new Request(`http://desk.test${call.url}`, { method: call.method, headers, body }));
  answer.writeHead(response.status, Object.fromEntries(response.headers));
  answer.end(Buffer.from(await response.arrayBuffer()));
}

function stream(desk: MemoryDesk, call: IncomingMessage, answer: ServerResponse): void {
  if (!desk.signedIn) return void answer.writeHead(401).end();
  answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const after = Number(call.headers['last-event-id'] ?? NaN);
  const fresh = !Number.isFinite(after);
  const write = (id: number | null, event: LiveEvent) => answer.write(`${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`);
  write(null, { type: 'hello', cursor: desk.cursor, fresh });
  if (!fresh) for (const { id, event } of desk.events) if (id > after) write(id, event);
  desk.listeners.add(write);
  const beat = setInterval(() => answer.write(': keep-alive\n\n'), 15_000);
  call.on('close', () => {
    clearInterval(beat);
    desk.listeners.delete(write);
  });
}

/** A little life: somebody types, somebody writes. */
function stir(desk: MemoryDesk): void {
  if (!desk.listeners.size) return;
  const one = desk.rooms[Math.floor(Math.random() * 9)]!;
  desk.tell({ type: 'typing', thread_id: one.thread.id, identity_id: null });
  setTimeout(() => desk.customerSays(one, ['Shop ơi', 'Có ai ở đó không ạ?', 'Dạ vâng ạ', 'ok shop'][Math.floor(Math.random() * 4)]!), 2_500);
}
