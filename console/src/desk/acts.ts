// What an agent does with the open thread. Says what happened only after the gateway did it.

import * as calls from '../api/calls';
import type { Thread } from '../api/types';
import { t } from '../i18n/index.svelte';
import { session } from '../state/session.svelte';
import { toasts } from '../state/toasts.svelte';
import { desk } from './desk.svelte';

export function isMine(thread: Thread): boolean {
  return thread.assignee?.id === session.me?.id && thread.status === 'assigned';
}

/** Which moves fit the thread as it stands. */
export function may(thread: Thread) {
  const people = thread.status !== 'bot';
  return { take: !isMine(thread), assign: true, resolve: people, giveBack: people, release: thread.status === 'assigned' };
}

async function move(allowed: keyof ReturnType<typeof may>, call: (id: string) => Promise<Thread>, said: () => string): Promise<void> {
  const log = desk.log;
  if (!log?.thread || !may(log.thread)[allowed]) return;
  const begun = log.begin();
  try {
    desk.settle(await call(log.id), begun);
    toasts.good(said());
  } catch (cause) {
    toasts.bad(cause);
  }
}

export const take = () => move('take', calls.takeThread, () => t().actions.taken);
export const resolve = () => move('resolve', calls.resolveThread, () => t().actions.resolved);
export const giveBack = () => move('giveBack', calls.returnThread, () => t().actions.returned);
export const release = () => move('release', calls.releaseThread, () => t().actions.released);
export const assign = (agent: { id: string; name: string }) =>
  move('assign', (id) => calls.assignThread(id, agent.id), () => t().actions.assigned(agent.name));
