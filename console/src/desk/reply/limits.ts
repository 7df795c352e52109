// What a channel will take, before it is asked: how long, how large, which types.

import type { Capabilities } from '../../api/types';

export function measure(text: string, unit: Capabilities['text_unit']): number {
  if (unit === 'bytes') return new TextEncoder().encode(text).length;
  return unit === 'utf16' ? text.length : [...text].length;
}

/** How many messages this text becomes, roughly: the gateway splits at sentences. */
export function partsOf(text: string, channel: Capabilities): number {
  return Math.max(1, Math.ceil(measure(text, channel.text_unit) / channel.text_limit));
}

export type FileTrouble = 'too-large' | 'wrong-type';

export function troubleWith(file: { size: number; mime: string }, channel: Capabilities): FileTrouble | null {
  if (channel.file_limit === 0) return 'wrong-type';
  if (channel.file_types.length > 0 && !channel.file_types.some((type) => fits(file.mime, type))) return 'wrong-type';
  return file.size > largest(file.mime, channel) ? 'too-large' : null;
}

/** The largest file of this type, in bytes. */
export function largest(mime: string, channel: Capabilities): number {
  return channel.file_limits.find((limit) => fits(mime, limit.media))?.most ?? channel.file_limit;
}

function fits(mime: string, type: string): boolean {
  return type.endsWith('/*') ? mime.startsWith(type.slice(0, -1)) : mime === type;
}
