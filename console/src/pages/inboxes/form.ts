// The settings of a channel as its form asks for them, and back. Pure: knows no channel.

import type { FormField, Inbox } from '../../api/types';
import { fromLines, toLines } from '../lines';

/** What stands in the fields when the form opens. Secrets never come back from the gateway. */
export function toFields(fields: readonly FormField[], inbox: Inbox | null): Record<string, string> {
  return Object.fromEntries(fields.map((field) => [field.name, inbox ? shown(field, inbox) : (field.default ?? firstOption(field))]));
}

/** What is sent: for a new inbox all that is filled in, for an old one what changed. */
export function fromFields(fields: readonly FormField[], typed: Record<string, string>, inbox: Inbox | null): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const field of fields) {
    const value = (typed[field.name] ?? '').trim();
    if (inbox ? field.secret ? value === '' : value === shown(field, inbox).trim() : value === '') continue;
    settings[field.name] = field.kind.type === 'list' ? fromLines(value) : value === '' ? null : value;
  }
  return settings;
}

function shown(field: FormField, inbox: Inbox): string {
  if (field.secret) return '';
  const value = inbox.settings[field.name];
  if (Array.isArray(value)) return toLines(value.map(String));
  return value === undefined || value === null ? (field.default ?? firstOption(field)) : String(value);
}

function firstOption(field: FormField): string {
  return field.kind.type === 'choice' && field.required ? (field.kind.options[0] ?? '') : '';
}
