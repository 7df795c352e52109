// Every call the console makes, one line each, under the desk's own names.

import { client, take } from './client';
import type * as T from './types';

/** Free objects: the document says `object`, whose keys the generator calls `never`. */
type Free = Record<string, unknown>;
const free = (value: Free) => value as Record<string, Record<string, never>>;

const path = <Values>(values: Values) => ({ params: { path: values } });
const query = <Values>(values: Values) => ({ params: { query: values } });

// ------------------------------------------------------------------- session
export const whoAmI = (): Promise<T.Me> => take(client.GET('/api/v1/session'));
export const signIn = (email: string, password: string): Promise<T.Me> =>
  take(client.POST('/api/v1/session', { body: { email, password } }));
export const signOut = (): Promise<void> => take(client.DELETE('/api/v1/session'));
export const changeMe = (change: {
  language?: T.Language;
  password?: { current: string; new: string };
  availability?: T.Availability;
}): Promise<T.Me> => take(client.PATCH('/api/v1/session', { body: change }));
export const setupOpen = (token: string): Promise<{ open: boolean }> =>
  take(client.GET('/api/v1/setup', query({ token })));
export const setUp = (first: { token: string; email: string; name: string; password: string }): Promise<T.Me> =>
  take(client.POST('/api/v1/setup', { body: first }));

// -------------------------------------------------------- channels and inboxes
export const channels = (): Promise<T.Page<T.Channel>> => take(client.GET('/api/v1/channels'));
export const inboxes = (): Promise<T.Page<T.Inbox>> => take(client.GET('/api/v1/inboxes', query({ disabled: true, limit: 200 })));
export const createInbox = (draft: { channel: string; name: string; settings: Free }): Promise<T.Inbox> =>
  take(client.POST('/api/v1/inboxes', { body: { ...draft, settings: free(draft.settings) } }));
export const changeInbox = (
  id: string,
  { settings, ...change }: { name?: string; settings?: Free; paused?: boolean; disabled?: boolean },
): Promise<T.Inbox> =>
  take(client.PATCH('/api/v1/inboxes/{id}', { ...path({ id }), body: { ...change, ...(settings ? { settings: free(settings) } : {}) } }));
export const probeInbox = (id: string): Promise<T.Inbox> =>
  take(client.POST('/api/v1/inboxes/{id}/probe', path({ id })));
export const disableInbox = (id: string): Promise<void> =>
  take(client.DELETE('/api/v1/inboxes/{id}', path({ id })));
export const deadLetters = (cursor?: string): Promise<T.Page<T.DeadLetter>> =>
  take(client.GET('/api/v1/dead-letters', query({ cursor })));
export const replayDeadLetter = (id: string): Promise<{ outcome: string }> =>
  take(client.POST('/api/v1/dead-letters/{id}/replay', path({ id })));
export const replayDeadLetters = (which: { inbox_id?: string; error?: string }): Promise<{ queued: number }> =>
  take(client.POST('/api/v1/dead-letters/replay', { body: which }));

// ------------------------------------------------------------------- threads
export const threads = (wanted: {
  view: T.View;
  q?: string;
  channel?: string;
  cursor?: string;
  limit?: number;
}): Promise<T.Page<T.Thread>> => take(client.GET('/api/v1/threads', query(wanted)));
export const counts = (): Promise<T.Counts> => take(client.GET('/api/v1/threads/counts'));
export const thread = (id: string): Promise<T.ThreadDetail> =>
  take(client.GET('/api/v1/threads/{id}', path({ id })));
export const takeThread = (id: string): Promise<T.Thread> =>
  take(client.POST('/api/v1/threads/{id}/take', path({ id })));
export const assignThread = (id: string, agent_id: string): Promise<T.Thread> =>
  take(client.POST('/api/v1/threads/{id}/assign', { ...path({ id }), body: { agent_id } }));
export const resolveThread = (id: string): Promise<T.Thread> =>
  take(client.POST('/api/v1/threads/{id}/resolve', path({ id })));
export const returnThread = (id: string): Promise<T.Thread> =>
  take(client.POST('/api/v1/threads/{id}/return-to-bot', path({ id })));
export const releaseThread = (id: string): Promise<T.Thread> =>
  take(client.POST('/api/v1/threads/{id}/release', path({ id })));
export const seen = (id: string, seq: number): Promise<void> =>
  take(client.POST('/api/v1/threads/{id}/seen', { ...path({ id }), body: { seq } }));
export const typing = (id: string, identity_id?: string): Promise<void> =>
  take(client.POST('/api/v1/threads/{id}/typing', { ...path({ id }), body: { identity_id } }));

// ------------------------------------------------------------------ messages
export const messages = (
  id: string,
  wanted: { before?: number; after?: number; limit?: number },
): Promise<T.Page<T.Message>> =>
  take(client.GET('/api/v1/threads/{id}/messages', { params: { path: { id }, query: wanted } }));
export const send = (id: string, message: T.Outgoing): Promise<T.Message> =>
  take(client.POST('/api/v1/threads/{id}/messages', { ...path({ id }), body: message }));
export const retryMessage = (id: string): Promise<T.Message> =>
  take(client.POST('/api/v1/messages/{id}/retry', path({ id })));
export const messageArrived = (id: string): Promise<T.Message> =>
  take(client.POST('/api/v1/messages/{id}/arrived', path({ id })));
export function upload(file: File, signal?: AbortSignal): Promise<T.StoredFile> {
  const form = new FormData();
  form.append('file', file, file.name);
  // The document describes the part; the browser writes the form.
  return take(client.POST('/api/v1/files', { body: { file: file.name }, bodySerializer: () => form, signal }));
}

// ----------------------------------------------------------------- customers
export const customers = (q: string): Promise<T.Page<T.CustomerRow>> =>
  take(client.GET('/api/v1/customers', query({ q, limit: 12 })));
export const customer = (id: string): Promise<T.Customer> =>
  take(client.GET('/api/v1/customers/{id}', path({ id })));
export const changeCustomer = (
  id: string,
  change: { name?: string; phone?: string; email?: string; note?: string },
): Promise<T.Customer> => take(client.PATCH('/api/v1/customers/{id}', { ...path({ id }), body: change }));
export const mergeCustomer = (id: string, from: string): Promise<T.Customer> =>
  take(client.POST('/api/v1/customers/{id}/merge', { ...path({ id }), body: { from } }));
export const unmergeCustomer = (
  id: string,
  merge_id?: string,
): Promise<{ customer: T.Customer; restored: T.Customer }> =>
  take(client.POST('/api/v1/customers/{id}/unmerge', { ...path({ id }), body: { merge_id } }));
export const mergeSuggestions = (id: string): Promise<T.Page<T.Suggestion>> =>
  take(client.GET('/api/v1/customers/{id}/merge-suggestions', path({ id })));

// -------------------------------------------------------------------- orders
export const orders = (wanted: { q?: string; status?: string; cursor?: string }): Promise<T.Page<T.Order>> =>
  take(client.GET('/api/v1/orders', query({ ...wanted, limit: 50 })));
export const putOrder = (order: T.Order): Promise<T.Order> =>
  take(client.PUT('/api/v1/orders/{code}', { ...path({ code: order.code }), body: order }));
export const deleteOrder = (code: string): Promise<void> =>
  take(client.DELETE('/api/v1/orders/{code}', path({ code })));
export const importOrders = (text: string, type: 'text/csv' | 'application/jsonl'): Promise<T.ImportReport> =>
  take(
    client.POST('/api/v1/orders/import', {
      body: text,
      bodySerializer: (body: string) => body,
      headers: { 'content-type': type },
    }),
  );

// ------------------------------------------------------------- the shop's own
export const answers = (q?: string): Promise<T.Page<T.Answer>> =>
  take(client.GET('/api/v1/answers', query({ q: q || undefined, limit: 200 })));
export const createAnswer = (draft: T.AnswerDraft): Promise<T.Answer> =>
  take(client.POST('/api/v1/answers', { body: draft }));
export const putAnswer = (id: string, draft: T.AnswerDraft): Promise<T.Answer> =>
  take(client.PUT('/api/v1/answers/{id}', { ...path({ id }), body: draft }));
export const deleteAnswer = (id: string): Promise<void> =>
  take(client.DELETE('/api/v1/answers/{id}', path({ id })));
export const tryAnswers = (text: string): Promise<T.Understanding> =>
  take(client.POST('/api/v1/answers/try', { body: { text } }));

export const learning = (): Promise<T.LearningStanding> => take(client.GET('/api/v1/learning'));
export const missed = (days: number): Promise<T.MissedMessages> => take(client.GET('/api/v1/learning/missed', query({ days })));
export const dismissMissed = (message_ids: string[]): Promise<void> =>
  take(client.POST('/api/v1/learning/missed/dismiss', { body: { message_ids } }));
export const phrases = (): Promise<T.PhraseList> => take(client.GET('/api/v1/learning/phrases'));
export const filePhrases = (filed: T.Target & { message_ids?: string[]; texts?: string[] }): Promise<{ phrases: number; settled: number }> =>
  take(client.POST('/api/v1/learning/phrases', { body: filed }));
export const removePhrase = (id: string): Promise<void> =>
  take(client.DELETE('/api/v1/learning/phrases/{id}', path({ id })));
export const rehearse = (days: number): Promise<T.Rehearsal> =>
  take(client.GET('/api/v1/learning/rehearsal', query({ days })));
export const discardDraft = (): Promise<void> => take(client.DELETE('/api/v1/learning/draft'));
export const versions = (cursor?: string): Promise<T.Page<T.Version>> =>
  take(client.GET('/api/v1/learning/versions', query({ cursor })));
export const publishVersion = (draft: { draft: string; live: number; note: string }): Promise<T.LearningStanding> =>
  take(client.POST('/api/v1/learning/versions', { body: draft }));
export const restoreVersion = (number: number, live: number): Promise<T.LearningStanding> =>
  take(client.POST('/api/v1/learning/versions/{id}/restore', { ...path({ id: String(number) }), body: { live } }));

export const cannedReplies = (): Promise<T.Page<T.CannedReply>> =>
  take(client.GET('/api/v1/canned-replies', query({ limit: 200 })));
export const createCannedReply = (draft: { shortcut: string; text: string }): Promise<T.CannedReply> =>
  take(client.POST('/api/v1/canned-replies', { body: draft }));
export const putCannedReply = (id: string, draft: { shortcut: string; text: string }): Promise<T.CannedReply> =>
  take(client.PUT('/api/v1/canned-replies/{id}', { ...path({ id }), body: draft }));
export const deleteCannedReply = (id: string): Promise<void> =>
  take(client.DELETE('/api/v1/canned-replies/{id}', path({ id })));

export const agents = (): Promise<T.Page<T.Agent>> => take(client.GET('/api/v1/agents', query({ limit: 200 })));
export const createAgent = (draft: {
  email: string;
  name: string;
  role: T.Role;
  password: string;
}): Promise<T.Agent> => take(client.POST('/api/v1/agents', { body: draft }));
export const changeAgent = (
  id: string,
  change: { name?: string; role?: T.Role; disabled?: boolean; password?: string },
): Promise<T.Agent> => take(client.PATCH('/api/v1/agents/{id}', { ...path({ id }), body: change }));

export const tokens = (): Promise<T.Page<T.Token>> => take(client.GET('/api/v1/tokens', query({ limit: 200 })));
export const createToken = (draft: { name: string; role: T.Role }): Promise<T.CreatedToken> =>
  take(client.POST('/api/v1/tokens', { body: draft }));
export const deleteToken = (id: string): Promise<void> => take(client.DELETE('/api/v1/tokens/{id}', path({ id })));

export const settings = (): Promise<T.Settings> => take(client.GET('/api/v1/settings'));
export const putSettings = (changed: T.Settings): Promise<T.Settings> =>
  take(client.PUT('/api/v1/settings', { body: changed }));
