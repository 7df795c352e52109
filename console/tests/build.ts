// Messages and threads for tests, with only what a test says about them.

import type { Message, Thread } from '../src/api/types';
import { by, message as made } from '../dev/seed.ts';

export { by };

export function message(seq: number, more: Partial<Message> = {}): Message {
  return made({ thread: { id: 'thr_1' } }, seq, { id: `msg_${seq}`, text: `message ${seq}`, created_at: 1_763_800_000_000 + seq * 1000, ...more });
}

export function thread(id: string, more: Partial<Thread> = {}): Thread {
  return {
    id,
    customer: { id: `cus_${id}`, name: id, avatar_url: null },
    status: 'bot',
    assignee: null,
    handoff_reason: null,
    channels: ['pigeon'],
    last_message: null,
    waiting_since: null,
    unread: 0,
    language: 'vi',
    last_identity_id: null,
    last_seq: 0,
    updated_at: 0,
    created_at: 0,
    ...more,
  };
}
