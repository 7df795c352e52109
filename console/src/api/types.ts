// The shapes of the API, by name. Everything else in the console imports them
// from here, so that where they come from is this file's business alone.

export type Role = 'admin' | 'agent';
export type Language = 'vi' | 'en';
export type Availability = 'online' | 'away';

export interface Me {
  id: string;
  email: string;
  name: string;
  role: Role;
  language: Language | null;
  availability: Availability;
  shop: { name: string };
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string | null;
  hint?: string | null;
  errors?: { field: string; detail: string }[];
  alternatives?: Alternative[];
}

export interface Alternative {
  identity_id: string;
  channel: string;
  name: string | null;
}

// ------------------------------------------------------------------ channels

export interface Face {
  name: string;
  icon: string;
  colour: string;
}

export interface Window {
  span: number;
  for_whom: string;
  note: string;
  source: string;
}

export interface Capabilities {
  text_limit: number;
  text_unit: 'chars' | 'utf16' | 'bytes';
  buttons: number;
  caption: boolean;
  file_limit: number;
  file_types: string[];
  reply_to: boolean;
  ask_phone: boolean;
  typing: boolean;
  delivery_receipts: boolean;
  read_receipts: boolean;
  deduplicates: boolean;
  echoes_people: boolean;
  windows: Window[];
}

export type FieldKind = { type: 'text' } | { type: 'url' } | { type: 'list' } | { type: 'choice'; options: string[] };

export interface FormField {
  name: string;
  label: string;
  hint: string;
  kind: FieldKind;
  required: boolean;
  secret: boolean;
  default?: string | null;
}

export interface Channel {
  kind: string;
  face: Face;
  capabilities: Capabilities;
  form: { fields: FormField[] };
}

export interface Health {
  state: 'healthy' | 'unhealthy' | 'unknown';
  reason: string | null;
  since: number | null;
  checked_at: number | null;
  last_heard_at: number | null;
  account_name: string | null;
}

export interface Inbox {
  id: string;
  channel: string;
  name: string;
  hook_url: string;
  settings: Record<string, unknown>;
  secrets: string[];
  state: 'active' | 'paused' | 'disabled';
  health: Health;
  created_at: number;
}

export interface DeadLetter {
  id: string;
  inbox_id: string;
  channel: string;
  received_at: number;
  error: string;
  body: string;
}

// ------------------------------------------------------------------- threads

export type ThreadStatus = 'bot' | 'waiting' | 'assigned';
export type View = 'waiting' | 'mine' | 'bot' | 'all';

export interface Person {
  id: string;
  name: string;
}

export interface LastMessage {
  seq: number;
  author: { kind: AuthorKind };
  text: string;
  channel: string | null;
  created_at: number;
}

export interface Thread {
  id: string;
  customer: { id: string; name: string; avatar_url?: string | null };
  status: ThreadStatus;
  assignee: Person | null;
  handoff_reason: string | null;
  channels: string[];
  last_message: LastMessage | null;
  waiting_since: number | null;
  unread: number;
  language: string | null;
  last_identity_id: string | null;
  last_seq: number;
  updated_at: number;
  created_at: number;
}

export interface ThreadDetail extends Thread {
  identities: Identity[];
  handoffs: Handoff[];
}

export interface Counts {
  waiting: number;
  mine: number;
  bot: number;
  all: number;
  unread_mine: number;
}

export type AuthorKind = 'customer' | 'bot' | 'agent' | 'system';
export type MessageStatus =
  | 'received'
  | 'queued'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'failed'
  | 'uncertain'
  | 'withheld';

export interface FileAttachment {
  type: 'file';
  id: string;
  kind: 'image' | 'audio' | 'video' | 'file' | 'sticker';
  name: string | null;
  mime: string | null;
  size: number | null;
  state: 'fetching' | 'stored' | 'failed';
  url: string;
}

export type Attachment =
  | FileAttachment
  | { type: 'location'; latitude: number; longitude: number; title: string | null }
  | { type: 'contact'; name: string | null; phone: string }
  | { type: 'link'; url: string; title: string | null };

export interface MessageButton {
  label: string;
  payload?: string | null;
  url?: string | null;
}

export interface ThreadEvent {
  type: string;
  [detail: string]: unknown;
}

export interface Message {
  id: string;
  thread_id: string;
  seq: number;
  author: { kind: AuthorKind; id?: string | null; name?: string | null };
  note: boolean;
  channel: string | null;
  identity_id: string | null;
  text: string;
  attachments: Attachment[];
  buttons: MessageButton[];
  reply_to: { id: string; seq: number; text: string } | null;
  status: MessageStatus;
  error: { code: string; detail: string } | null;
  unsupported: string | null;
  edited_at: number | null;
  deleted_at: number | null;
  reactions: { emoji: string; by: string }[];
  event: ThreadEvent | null;
  intent: { name: string; probability: number } | null;
  client_id: string | null;
  platform_at: number | null;
  created_at: number;
}

export interface Outgoing {
  text: string;
  identity_id?: string;
  client_id?: string;
  note?: boolean;
  attachments?: string[];
  reply_to?: string;
}

export interface StoredFile {
  id: string;
  kind: FileAttachment['kind'];
  name: string | null;
  mime: string;
  size: number;
}

// ----------------------------------------------------------------- customers

export interface Reachable {
  state: 'open' | 'closed' | 'unknown' | 'blocked';
  until: number | null;
  note: string | null;
  since: number | null;
}

export interface Identity {
  id: string;
  inbox_id: string;
  inbox_name: string;
  channel: string;
  name: string | null;
  address: string;
  verified_phone: string | null;
  reachable: Reachable;
  last_interaction_at: number | null;
}

export interface Handoff {
  id: string;
  reason: string;
  opened_at: number;
  assigned_at: number | null;
  resolved_at: number | null;
  agent: Person | null;
}

export interface Merge {
  id: string;
  from: Person;
  merged_at: number;
  by: Person | null;
  undoable: boolean;
}

export interface Customer {
  id: string;
  name: string;
  phone: string | null;
  email: string | null;
  note: string | null;
  language: string | null;
  created_at: number;
  thread_id: string;
  identities: Identity[];
  orders: Order[];
  handoffs: Handoff[];
  merges: Merge[];
}

export interface Suggestion {
  customer: { id: string; name: string; channels: string[]; thread_id: string };
  why: string;
}

// -------------------------------------------------------------------- orders

export const JOURNEY = [
  'placed',
  'picking',
  'in_transit',
  'out_for_delivery',
  'attempt_failed',
  'delivered',
  'returning',
  'returned',
  'stopped',
] as const;
export type Journey = (typeof JOURNEY)[number];

export interface OrderItem {
  name: string;
  quantity: number;
  price: number;
}

export interface Order {
  code: string;
  status: Journey;
  phone: string | null;
  customer_name: string | null;
  carrier: string | null;
  tracking_code: string | null;
  tracking_url: string | null;
  expected_at: number | null;
  currency: string;
  total: number;
  items: OrderItem[];
  address: string | null;
  updated_at: number;
}

export interface ImportReport {
  imported: number;
  updated: number;
  errors: { line: number; detail: string }[];
}

// ------------------------------------------------------------- the shop's own

export interface AnswerText {
  text: string;
  questions: string[];
}

export interface Answer {
  id: string;
  title: string;
  enabled: boolean;
  vi: AnswerText;
  en: AnswerText;
  updated_at: number;
}

export type AnswerDraft = Pick<Answer, 'title' | 'enabled' | 'vi' | 'en'>;

export interface Understanding {
  language: string;
  intents: { intent: string; probability: number }[];
  not_mine: number;
  answers: { id: string; title: string; probability: number }[];
  entities: { kind?: string; type?: string; text?: string; value?: unknown }[];
}

export interface CannedReply {
  id: string;
  shortcut: string;
  text: string;
  updated_at: number;
}

export interface Agent {
  id: string;
  email: string;
  name: string;
  role: Role;
  disabled: boolean;
  availability: Availability;
  open_threads: number;
  created_at: number;
}

export interface Token {
  id: string;
  name: string;
  role: Role;
  created_at?: number;
  last_used_at?: number | null;
}

export interface OpeningHours {
  days: number[];
  from: string;
  to: string;
}

export interface OrderSource {
  url_template: string;
  header_name?: string | null;
  secret_set?: boolean;
  header_secret?: string | null;
  pointers: Record<string, string>;
}

export interface Settings {
  shop_name: string;
  opening_hours: OpeningHours[];
  timezone: string;
  bot_enabled: boolean;
  order_code_patterns: string[];
  order_source: OrderSource | null;
}

// ---------------------------------------------------------------------- live

export type LiveEvent =
  | { type: 'hello'; cursor: number; fresh: boolean }
  | { type: 'message'; thread_id: string; message: Message }
  | { type: 'thread'; thread: Thread }
  | { type: 'resequenced'; thread_id: string }
  | { type: 'thread_gone'; thread_id: string }
  | { type: 'inbox'; inbox: Inbox }
  | { type: 'agent'; agent: Agent }
  | { type: 'typing'; thread_id: string; identity_id: string | null };
