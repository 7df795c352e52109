// An API that answers from memory: fetch in, fetch out. The dev server and the
// tests both stand on it. Not part of the build.

import type { LiveEvent, Message, Thread, View } from '../src/api/types.ts';
import { belongs, compare } from '../src/desk/list/order.ts';
import * as seed from './seed.ts';

type Handler = (call: { url: URL; id: string; sub: string; body: Record<string, unknown>; request: Request }) => unknown;

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly slug: string,
    readonly detail: string,
    readonly more: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

export class MemoryDesk {
  rooms = seed.rooms();
  signedIn = false;
  events: { id: number; event: LiveEvent }[] = [];
  listeners = new Set<(id: number | null, event: LiveEvent) => void>();
  /** What the next deliveries come to. */
  fate: Message['status'] = 'delivered';
  delay = 0;
  #cursor = 100;
  #me = { id: 'agt_mai', email: 'mai@sen.example', name: 'Nguyễn Thị Mai', role: 'admin' as const, language: null as 'vi' | 'en' | null, availability: 'online' as const, shop: { name: 'Sen Shop' } };
  #files = new Map<string, { name: string; type: string; bytes: ArrayBuffer }>();

  get cursor(): number {
    return this.#cursor;
  }

  room(id: string): seed.Room {
    const found = this.rooms.find((one) => one.thread.id === id || one.customer.id === id);
    if (!found) throw new Problem(404, 'not-found', 'there is no such thread');
    return found;
  }

  tell(event: LiveEvent): void {
    if (event.type === 'typing') return this.listeners.forEach((listener) => listener(null, event));
    const id = ++this.#cursor;
    this.events.push({ id, event });
    this.listeners.forEach((listener) => listener(id, event));
  }

  say(one: seed.Room, more: Partial<Message>): Message {
    const entry = seed.message(one, one.thread.last_seq + 1, { created_at: Date.now(), platform_at: Date.now(), ...more });
    one.messages.push(entry);
    seed.settle(one);
    this.tell({ type: 'message', thread_id: one.thread.id, message: entry });
    return entry;
  }

  /** A customer writes, as it would come from a platform. */
  customerSays(one: seed.Room, text: string): void {
    const from = one.customer.identities[0]!;
    this.say(one, { channel: from.channel, identity_id: from.id, text });
    one.thread.unread++;
    if (one.thread.status !== 'bot') one.thread.waiting_since ??= Date.now();
    this.tell({ type: 'thread', thread: { ...one.thread } });
  }

  change(entry: Message, more: Partial<Message>): Message {
    const one = this.room(entry.thread_id);
    const changed = { ...entry, ...more };
    one.messages = one.messages.map((known) => (known.id === entry.id ? changed : known));
    this.tell({ type: 'message', thread_id: one.thread.id, message: changed });
    return changed;
  }

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const [noun = '', id = '', ...rest] = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
    if (this.delay) await new Promise((done) => setTimeout(done, this.delay));
    try {
      if (!this.signedIn && noun !== 'session' && noun !== 'setup') throw new Problem(401, 'signed-out', 'sign in first');
      const handler = this.#handlers[`${request.method} ${noun}${id && rest.length ? `/${rest.join('/')}` : ''}`];
      if (!handler) throw new Problem(404, 'not-found', `nothing at ${request.method} ${url.pathname}`);
      const json = request.headers.get('content-type')?.includes('json') && !request.headers.get('content-type')?.includes('jsonl');
      const body = json && request.method !== 'GET' ? ((await request.json()) as Record<string, unknown>) : {};
      const answer = await handler({ url, id, sub: rest[0] ?? '', body, request });
      if (answer instanceof Response) return answer;
      return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer);
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause;
      const { status, slug, detail, more } = cause;
      return new Response(JSON.stringify({ type: `https://onethread.dev/problems/${slug}`, title: slug, status, detail, ...more }), { status, headers: { 'content-type': 'application/problem+json' } });
    }
  }

  #page<T>(items: T[], url: URL): { items: T[]; next: string | null } {
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? 50);
    return { items: items.slice(from, from + limit), next: from + limit < items.length ? String(from + limit) : null };
  }

  #threads(url: URL): Thread[] {
    const view = (url.searchParams.get('view') ?? 'all') as View;
    const q = (url.searchParams.get('q') ?? '').toLowerCase();
    const channel = url.searchParams.get('channel');
    return this.rooms
      .map((one) => one.thread)
      .filter((thread) => belongs(thread, view, this.#me.id))
      .filter((thread) => !q || thread.customer.name.toLowerCase().includes(q) || thread.last_message?.text.toLowerCase().includes(q))
      .filter((thread) => !channel || thread.channels.includes(channel))
      .sort(compare(view));
  }

  #move(id: string, change: Partial<Thread>, event: Message['event']): Thread {
    const one = this.room(id);
    Object.assign(one.thread, change);
    this.say(one, { author: seed.by('system'), event, platform_at: null });
    this.tell({ type: 'thread', thread: { ...one.thread } });
    return { ...one.thread };
  }

  #messages(id: string, url: URL) {
    const { messages } = this.room(id);
    const limit = Number(url.searchParams.get('limit') ?? 50);
    const after = url.searchParams.get('after');
    if (after !== null) return { items: messages.filter((entry) => entry.seq > Number(after)).slice(0, limit), next: null };
    const before = Number(url.searchParams.get('before') ?? Infinity);
    const older = messages.filter((entry) => entry.seq < before);
    const items = older.slice(-limit);
    return { items, next: older.length > items.length ? String(items[0]!.seq) : null };
  }

  #send(id: string, body: Record<string, unknown>): Message {
    const one = this.room(id);
    const again = one.messages.find((entry) => entry.client_id && entry.client_id === body.client_id);
    if (again) return again;
    const to = one.customer.identities.find((known) => known.id === body.identity_id) ?? one.customer.identities[0]!;
    if (!body.note && ['closed', 'blocked'].includes(to.reachable.state)) {
      throw new Problem(409, 'cannot-reach', 'this identity cannot be written to now', { hint: 'Use another channel.', alternatives: one.customer.identities.filter((known) => known.reachable.state === 'open').map((known) => ({ identity_id: known.id, channel: known.channel, name: known.name })) });
    }
    const quoted = one.messages.find((entry) => entry.id === body.reply_to);
    const entry = this.say(one, {
      author: { kind: 'agent', id: this.#me.id, name: this.#me.name },
      note: Boolean(body.note),
      text: String(body.text ?? ''),
      client_id: (body.client_id as string) ?? null,
      channel: body.note ? null : to.channel,
      identity_id: body.note ? null : to.id,
      status: body.note ? 'sent' : 'queued',
      reply_to: quoted ? { id: quoted.id, seq: quoted.seq, text: quoted.text } : null,
      attachments: ((body.attachments as string[]) ?? []).map((file) => ({ type: 'file', id: file, kind: this.#files.get(file)?.type.startsWith('image/') ? 'image' : 'file', name: this.#files.get(file)?.name ?? null, mime: this.#files.get(file)?.type ?? null, size: this.#files.get(file)?.bytes.byteLength ?? null, state: 'stored', url: `/api/v1/files/${file}` })),
    });
    if (body.note) return entry;
    if (one.thread.status !== 'assigned') this.#move(id, { status: 'assigned', assignee: seed.me }, { type: 'taken', agent: seed.me });
    one.thread.waiting_since = null;
    this.tell({ type: 'thread', thread: { ...one.thread } });
    this.#deliver(entry);
    return entry;
  }

  #deliver(entry: Message): void {
    const fate = this.fate;
    setTimeout(() => this.change(entry, fate === 'failed' ? { status: 'failed', error: { code: 'other', detail: 'simulated', in_part: false } } : { status: 'sent', error: null }), 400);
    if (fate === 'delivered') setTimeout(() => this.change(entry, { status: 'delivered', error: null }), 1100);
  }

  #handlers: Record<string, Handler> = {
    'GET session': () => {
      if (!this.signedIn) throw new Problem(401, 'signed-out', 'sign in first');
      return this.#me;
    },
    'POST session': ({ body }) => {
      if (body.password === 'wrong') throw new Problem(401, 'wrong-password', 'e-mail or password is wrong');
      this.signedIn = true;
      return this.#me;
    },
    'DELETE session': () => void (this.signedIn = false),
    'PATCH session': ({ body }) => {
      if (body.password && (body.password as { current: string }).current === 'wrong') throw new Problem(422, 'invalid', 'the current password is wrong', { errors: [{ field: 'current', detail: 'is not your password' }] });
      const { password: _, ...rest } = body;
      return Object.assign(this.#me, rest);
    },
    'GET setup': ({ url }) => ({ open: url.searchParams.get('token') === 'good' }),
    'POST setup': () => ((this.signedIn = true), this.#me),
    'GET channels': () => ({ items: seed.channels, next: null }),
    'GET inboxes': () => ({ items: seed.inboxes, next: null }),
    'POST inboxes': ({ body }) => {
      const settings = body.settings as Record<string, unknown>;
      const form = seed.channels.find((one) => one.kind === body.channel)!.form;
      const missing = form.fields.filter((one) => one.required && !settings[one.name]);
      if (missing.length) throw new Problem(422, 'wrong-settings', 'some settings are missing', { errors: missing.map((one) => ({ field: one.name, detail: 'is missing' })) });
      const made = { ...seed.inboxes[0]!, id: `inb_${Date.now()}`, channel: String(body.channel), name: String(body.name), state: 'active' as const };
      seed.inboxes.push(made);
      return made;
    },
    'PATCH inboxes': ({ id, body }) => {
      const inbox = seed.inboxes.find((one) => one.id === id)!;
      if ('paused' in body) inbox.state = body.paused ? 'paused' : 'active';
      if (body.disabled === false) inbox.state = 'active';
      if (body.name) inbox.name = String(body.name);
      return inbox;
    },
    'POST inboxes/probe': ({ id }) => {
      const inbox = seed.inboxes.find((one) => one.id === id)!;
      inbox.health = { ...inbox.health, checked_at: Date.now() };
      return inbox;
    },
    'DELETE inboxes': ({ id }) => void (seed.inboxes.find((one) => one.id === id)!.state = 'disabled'),
    'GET dead-letters': () => ({ items: seed.deadLetters, next: null }),
    'POST dead-letters/replay': ({ id }) => {
      seed.deadLetters.splice(seed.deadLetters.findIndex((one) => one.id === id), 1);
      return { outcome: 'accepted' };
    },
    'POST dead-letters': () => ({ queued: seed.deadLetters.splice(0).length }),
    'GET threads': ({ url, id }) => {
      if (id === 'counts') return this.#counts();
      if (!id) return this.#page(this.#threads(url).map((thread) => ({ ...thread })), url);
      const one = this.room(id);
      return { ...one.thread, identities: one.customer.identities, handoffs: one.customer.handoffs };
    },
    'GET threads/messages': ({ id, url }) => this.#messages(id, url),
    'POST threads/messages': ({ id, body }) => this.#send(id, body),
    'POST threads/take': ({ id }) => this.#move(id, { status: 'assigned', assignee: seed.me }, { type: 'taken', agent: seed.me }),
    'POST threads/assign': ({ id, body }) => {
      const { id: agent, name } = seed.agents.find((one) => one.id === body.agent_id)!;
      return this.#move(id, { status: 'assigned', assignee: { id: agent, name } }, { type: 'assigned', agent: { id: agent, name }, by: seed.me });
    },
    'POST threads/resolve': ({ id }) => this.#move(id, { status: 'bot', assignee: null, waiting_since: null, handoff_reason: null }, { type: 'resolved', agent: seed.me }),
    'POST threads/return-to-bot': ({ id }) => this.#move(id, { status: 'bot', assignee: null, waiting_since: null, handoff_reason: null }, { type: 'returned_to_bot', agent: seed.me }),
    'POST threads/release': ({ id }) => this.#move(id, { status: 'waiting', assignee: null, waiting_since: Date.now() }, { type: 'released', agent: seed.me }),
    'POST threads/seen': ({ id }) => void (this.room(id).thread.unread = 0),
    'POST threads/typing': () => undefined,
    'POST messages/retry': ({ id }) => {
      const entry = this.#message(id);
      const queued = this.change(entry, { status: 'queued', error: null });
      this.#deliver(queued);
      return queued;
    },
    'POST messages/arrived': ({ id }) => this.change(this.#message(id), { status: 'sent', error: null }),
    'POST files': async ({ request }) => {
      const file = (await request.formData()).get('file') as File;
      const id = `fil_${this.#files.size + 1}`;
      this.#files.set(id, { name: file.name, type: file.type || 'application/octet-stream', bytes: await file.arrayBuffer() });
      return { id, kind: file.type.startsWith('image/') ? 'image' : 'file', name: file.name, mime: file.type || 'application/octet-stream', size: file.size };
    },
    'GET files': ({ id }) => {
      const file = this.#files.get(id);
      if (file) return new Response(file.bytes, { headers: { 'content-type': file.type } });
      if (id.startsWith('v')) return new Response(silence(), { headers: { 'content-type': 'audio/wav' } });
      if (!id.startsWith('pic')) throw new Problem(404, 'not-found', 'no such file');
      const hue = Number(id.slice(3)) * 80;
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="600"><rect width="480" height="600" fill="hsl(${hue} 45% 80%)"/><path d="M240 60c60 0 70 60 60 110l70 380H110l70-380c-10-50 0-110 60-110z" fill="hsl(${hue} 50% 45%)"/></svg>`;
      return new Response(svg, { headers: { 'content-type': 'image/svg+xml' } });
    },
    'GET customers': ({ id, url }) => {
      if (id) return this.room(id).customer;
      const q = (url.searchParams.get('q') ?? '').toLowerCase();
      return this.#page(this.rooms.map((one) => one.customer).filter((one) => one.name.toLowerCase().includes(q)), url);
    },
    'GET customers/merge-suggestions': ({ id }) => {
      const other = this.rooms[3]!;
      return { items: this.rooms[0]!.customer.id === id ? [{ customer: { id: other.customer.id, name: other.customer.name, channels: other.thread.channels, thread_id: other.thread.id }, why: 'same verified phone' }] : [], next: null };
    },
    'PATCH customers': ({ id, body }) => {
      const one = this.room(id);
      Object.assign(one.customer, body);
      one.thread.customer.name = one.customer.name;
      this.tell({ type: 'thread', thread: { ...one.thread } });
      return { ...one.customer };
    },
    'POST customers/merge': ({ id, body }) => {
      const into = this.room(id);
      const from = this.room(String(body.from));
      into.customer.identities = [...into.customer.identities, ...from.customer.identities];
      into.customer.merges = [{ id: `mrg_${Date.now()}`, from: { id: from.customer.id, name: from.customer.name }, merged_at: Date.now(), by: seed.me, undoable: true }, ...into.customer.merges];
      into.messages = [...into.messages, ...from.messages].sort((a, b) => a.created_at - b.created_at).map((entry, at) => ({ ...entry, thread_id: into.thread.id, seq: at + 1 }));
      this.rooms = this.rooms.filter((one) => one !== from);
      seed.settle(into);
      this.tell({ type: 'thread_gone', thread_id: from.thread.id });
      this.tell({ type: 'resequenced', thread_id: into.thread.id });
      return { ...into.customer };
    },
    'POST customers/unmerge': ({ id }) => {
      const one = this.room(id);
      one.customer.merges = one.customer.merges.slice(1);
      return { customer: { ...one.customer }, restored: this.rooms[1]!.customer };
    },
    'GET orders': ({ url }) => {
      const q = (url.searchParams.get('q') ?? '').toLowerCase();
      const status = url.searchParams.get('status');
      return this.#page(seed.orders.filter((one) => (!status || one.status === status) && (!q || `${one.code} ${one.phone} ${one.customer_name}`.toLowerCase().includes(q))), url);
    },
    'PUT orders': ({ body }) => {
      const at = seed.orders.findIndex((one) => one.code === body.code);
      if (at >= 0) seed.orders[at] = body as never;
      else seed.orders.unshift(body as never);
      return body;
    },
    'DELETE orders': ({ id }) => void seed.orders.splice(seed.orders.findIndex((one) => one.code === id), 1),
    'POST orders': async ({ request }) => {
      const lines = (await request.text()).trim().split('\n');
      return { imported: Math.max(0, lines.length - 2), updated: 1, errors: [{ line: 4, detail: '`status`: `giao roi` is not an order status; use one of placed, picking, in_transit, …' }, { line: 7, detail: '`phone`: `12` is not a phone number' }] };
    },
    'GET answers': ({ url }) => {
      const q = (url.searchParams.get('q') ?? '').toLowerCase();
      return { items: seed.answers.filter((one) => one.title.toLowerCase().includes(q)), next: null };
    },
    'POST answers': ({ body, id }) => {
      if (id === 'try') return { language: 'vi', intents: [{ intent: 'delivery_fee', probability: 0.91 }, { intent: 'order_status', probability: 0.05 }], not_mine: 0.02, answers: [{ id: 'ans_1', title: 'Phí giao hàng', probability: 0.89 }], entities: [{ kind: 'place', value: 'Đà Nẵng' }] };
      const made = { id: `ans_${Date.now()}`, updated_at: Date.now(), ...body };
      seed.answers.push(made as never);
      return made;
    },
    'PUT answers': ({ id, body }) => Object.assign(seed.answers.find((one) => one.id === id)!, body, { updated_at: Date.now() }),
    'DELETE answers': ({ id }) => void seed.answers.splice(seed.answers.findIndex((one) => one.id === id), 1),
    'GET learning': ({ id }) => {
      if (id === 'missed') return { groups: seed.missed, messages: seed.missed.reduce((sum, group) => sum + group.message_ids.length, 0), more: false };
      if (id === 'phrases') return { items: seed.phrases, removed: [] };
      if (id === 'versions') return { items: [], next: null };
      const figures = { days: 14, messages: 40, understood_before: 34, understood_after: 36, gained: 2, lost: 0, changed: 0 };
      if (id === 'rehearsal') return { draft: 'draft', live: 0, figures, changes: [], more: false };
      return { live: 0, learnt: 0, draft: 'draft', phrases: seed.phrases.length, added: seed.phrases.length, removed: 0, training: false, missed: seed.missed.length };
    },
    'POST learning': ({ body }) => {
      const gone = new Set(body.message_ids as string[]);
      seed.missed.splice(0, seed.missed.length, ...seed.missed.filter((group) => !group.message_ids.some((one) => gone.has(one))));
      return { phrases: gone.size, settled: gone.size };
    },
    'GET canned-replies': () => ({ items: seed.canned, next: null }),
    'POST canned-replies': ({ body }) => {
      const made = { id: `can_${Date.now()}`, updated_at: Date.now(), ...body };
      seed.canned.push(made as never);
      return made;
    },
    'PUT canned-replies': ({ id, body }) => Object.assign(seed.canned.find((one) => one.id === id)!, body),
    'DELETE canned-replies': ({ id }) => void seed.canned.splice(seed.canned.findIndex((one) => one.id === id), 1),
    'GET agents': () => ({ items: seed.agents, next: null }),
    'POST agents': ({ body }) => {
      const made = { ...seed.agents[1]!, id: `agt_${Date.now()}`, open_threads: 0, ...body };
      seed.agents.push(made as never);
      return made;
    },
    'PATCH agents': ({ id, body }) => Object.assign(seed.agents.find((one) => one.id === id)!, body),
    'GET tokens': () => ({ items: seed.tokens, next: null }),
    'POST tokens': ({ body }) => {
      const made = { id: `tok_${Date.now()}`, created_at: Date.now(), last_used_at: null, name: String(body.name), role: body.role as 'agent' };
      seed.tokens.push(made);
      return { ...made, token: 'ot_example_not_a_secret_0123456789' };
    },
    'DELETE tokens': ({ id }) => void seed.tokens.splice(seed.tokens.findIndex((one) => one.id === id), 1),
    'GET settings': () => seed.settings,
    'PUT settings': ({ body }) => Object.assign(seed.settings, body),
  };

  #message(id: string): Message {
    for (const one of this.rooms) {
      const found = one.messages.find((entry) => entry.id === id);
      if (found) return found;
    }
    throw new Problem(404, 'not-found', 'there is no such message');
  }

  #counts() {
    const count = (view: View) => this.rooms.filter((one) => belongs(one.thread, view, this.#me.id)).length;
    const unread_mine = this.rooms.filter((one) => belongs(one.thread, 'mine', this.#me.id) && one.thread.unread > 0).length;
    return { waiting: count('waiting'), mine: count('mine'), bot: count('bot'), all: count('all'), unread_mine };
  }
}

/** Two seconds of nothing, as a sound file. */
function silence(): ArrayBuffer {
  const samples = 16_000;
  const bytes = new DataView(new ArrayBuffer(44 + samples));
  const word = (at: number, letters: string) => [...letters].forEach((letter, place) => bytes.setUint8(at + place, letter.charCodeAt(0)));
  word(0, 'RIFF');
  bytes.setUint32(4, 36 + samples, true);
  word(8, 'WAVEfmt ');
  [16, 0x10001, 8000, 8000, 0x80001].forEach((value, place) => bytes.setUint32(16 + place * 4, value, true));
  word(36, 'data');
  bytes.setUint32(40, samples, true);
  new Uint8Array(bytes.buffer, 44).fill(128);
  return bytes.buffer as ArrayBuffer;
}
