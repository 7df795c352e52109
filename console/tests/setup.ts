// What the pretend browser lacks, and the API from memory behind msw.

import { setupServer } from 'msw/node';
import { http } from 'msw';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { MemoryDesk } from '../dev/desk.ts';

globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
} as unknown as typeof ResizeObserver;

// What still ticks when the tests of a file are over would find no page any more.
const ticking = new Set<ReturnType<typeof setTimeout>>();
for (const name of ['setTimeout', 'setInterval'] as const) {
  const begin = globalThis[name] as (...given: unknown[]) => ReturnType<typeof setTimeout>;
  const noted = (...given: unknown[]) => {
    const timer = begin(...given);
    ticking.add(timer);
    return timer;
  };
  globalThis[name] = Object.assign(noted, begin) as unknown as typeof setTimeout & typeof setInterval;
}
afterAll(() => ticking.forEach((timer) => clearTimeout(timer)));

export let desk = new MemoryDesk();
export const server = setupServer(http.all('*/api/v1/*', ({ request }) => desk.answer(request as Request)));

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
beforeEach(() => {
  desk = new MemoryDesk();
  desk.signedIn = true;
  localStorage.clear();
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());
