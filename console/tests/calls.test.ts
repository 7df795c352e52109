import { http, HttpResponse } from 'msw';
import { expect, test, vi } from 'vitest';
import * as calls from '../src/api/calls';
import { ApiError, onSignedOut } from '../src/api/client';
import { desk, server } from './setup';

test('a list is given as the gateway wrote it', async () => {
  const page = await calls.threads({ view: 'waiting' });
  expect(page.items.length).toBeGreaterThan(0);
  expect(page.items.every((thread) => thread.status === 'waiting')).toBe(true);
});

test('a problem becomes an error that names its field', async () => {
  const call = calls.createInbox({ channel: 'pigeon', name: 'x', settings: {} });
  const trouble = await call.catch((cause: ApiError) => cause);
  expect(trouble).toBeInstanceOf(ApiError);
  expect((trouble as ApiError).status).toBe(422);
  expect((trouble as ApiError).field('token')).toBe('is missing');
});

test('no answer at all is told apart from a refusal', async () => {
  server.use(http.get('*/api/v1/threads', () => HttpResponse.error()));
  const trouble = await calls.threads({ view: 'all' }).catch((cause: ApiError) => cause);
  expect((trouble as ApiError).unanswered).toBe(true);
});

test('an answer that is no problem document is still an error with its status', async () => {
  server.use(http.get('*/api/v1/threads', () => new HttpResponse('<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } })));
  const trouble = await calls.threads({ view: 'all' }).catch((cause: ApiError) => cause);
  expect((trouble as ApiError).status).toBe(502);
});

test('the end of the session is told once it shows, but a wrong password is not', async () => {
  const told = vi.fn();
  onSignedOut(told);
  await calls.signIn('mai@sen.example', 'wrong').catch(() => {});
  expect(told).not.toHaveBeenCalled();
  desk.signedIn = false;
  await calls.counts().catch(() => {});
  expect(told).toHaveBeenCalledOnce();
});

test('a file travels as a form', async () => {
  const stored = await calls.upload(new File(['hello'], 'photo.png', { type: 'image/png' }));
  expect(stored).toMatchObject({ kind: 'image', name: 'photo.png', size: 5 });
});
