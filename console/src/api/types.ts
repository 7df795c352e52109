// The shapes of the API, by name. Everything else in the console imports them
// from here, so that where they come from is this file's business alone: they
// are generated from the gateway's own document (`npm run types`).

import type { components } from './schema';

type Schemas = components['schemas'];

/**
 * What the gateway writes. Its document calls fields optional that may be null;
 * on the wire they are always there. Free objects are free again.
 */
export type Written<T> = T extends (infer Item)[]
  ? Written<Item>[]
  : T extends Record<string, never>
    ? Record<string, unknown>
    : T extends object
      ? { [Key in keyof T]-?: Written<Exclude<T[Key], undefined>> }
      : T;

export interface Page<T> {
  items: T[];
  next: string | null;
}

// ---------------------------------------------------------- problems, session

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string | null;
  hint?: string | null;
  errors?: { field: string; detail: string }[];
  /** Of `cannot-reach`: why, in one word. */
  code?: string;
  /** Of `cannot-reach`: where the customer can be written to instead. */
  alternatives?: { identity_id: string; channel: string; name: string | null }[];
}

export type Me = Written<Schemas['Me']>;
export type Role = Schemas['RoleName'];
export type Language = Schemas['Language'];
export type Availability = Schemas['Availability'];

// -------------------------------------------------------- channels and inboxes

export type Channel = Written<Schemas['Channel']>;
export type Capabilities = Channel['capabilities'];
export type FormField = Channel['form']['fields'][number];
export type Inbox = Omit<Written<Schemas['Inbox']>, 'settings'> & { settings: Record<string, unknown> };
export type DeadLetter = Written<Schemas['DeadLetter']>;

// -------------------------------------------------------- threads and messages

export type Thread = Written<Schemas['Thread']>;
export type ThreadDetail = Written<Schemas['ThreadDetail']>;
export type ThreadStatus = Schemas['ThreadStatus'];
export type View = 'waiting' | 'mine' | 'bot' | 'all';
export type Counts = Written<Schemas['Counts']>;
export type Handoff = Written<Schemas['Handoff']>;

export type MessageStatus = Schemas['MessageStatus'];
export type Attachment = Written<Schemas['Attachment']>;
export type FileAttachment = Extract<Attachment, { type: 'file' }>;
/** Of the two, a button has one. */
export type MessageButton = Schemas['Button'];
/** What happened, for a system line: has a `type`, and what that type needs. */
export type ThreadEvent = Record<string, unknown>;
export type Message = Omit<Written<Schemas['Message']>, 'buttons'> & { buttons: MessageButton[] };
export type Outgoing = Omit<Schemas['NewMessage'], 'text'> & { text: string };
export type StoredFile = Written<Schemas['Uploaded']>;

export type LiveEvent = Exclude<Written<Schemas['Event']>, { type: 'message' }> | { type: 'message'; thread_id: string; message: Message };

// ------------------------------------------------------- customers and orders

export type Identity = Written<Schemas['Identity']>;
export type Customer = Written<Schemas['Customer']>;
export type CustomerRow = Written<Schemas['CustomerRow']>;
export type Merge = Written<Schemas['Merge']>;
export type Suggestion = Written<Schemas['Suggestion']>;

export type Order = Written<Schemas['Order']>;
export type OrderItem = Order['items'][number];
export type Journey = Schemas['OrderStatus'];
export type ImportReport = Written<Schemas['Imported']>;

/** The states of an order, in the order a good day takes them. */
export const JOURNEY: readonly Journey[] = [
  'placed',
  'picking',
  'in_transit',
  'out_for_delivery',
  'attempt_failed',
  'delivered',
  'returning',
  'returned',
  'stopped',
];

// ------------------------------------------------------------- the shop's own

export type Answer = Written<Schemas['Answer']>;
export type AnswerDraft = Pick<Answer, 'title' | 'enabled' | 'vi' | 'en'>;
export type Understanding = Written<Schemas['Reading']>;
export type LearningStanding = Written<Schemas['LearningStanding']>;
export type TargetKind = Schemas['TargetKind'];
/** What a phrase means: an intent by its name, an answer by its id, or nothing of the bot's. */
export interface Target {
  kind: TargetKind;
  target: string;
}
export type MissedMessages = Written<Schemas['MissedMessages']>;
export type MissedGroup = Written<Schemas['MissedGroup']>;
export type Phrase = Written<Schemas['Phrase']>;
export type PhraseList = Written<Schemas['PhraseList']>;
export type Rehearsal = Written<Schemas['RehearsalReport']>;
export type RehearsalOutcome = Written<Schemas['RehearsalOutcome']>;
export type Version = Written<Schemas['Version']>;
export type CannedReply = Written<Schemas['CannedReply']>;
export type Agent = Written<Schemas['Agent']>;
export type Token = Written<Schemas['Token']>;
export type CreatedToken = Written<Schemas['CreatedToken']>;
export type Settings = Omit<Written<Schemas['ShopSettings']>, 'order_source'> & { order_source: OrderSource | null };
export type OrderSource = Schemas['OrderSource'] & { header_secret?: string };
export type OpeningHours = Written<Schemas['OpeningHours']>;
