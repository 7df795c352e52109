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
