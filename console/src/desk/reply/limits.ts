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
  if (file.size > channel.file_limit) return 'too-large';
  if (channel.file_types.length === 0) return null;
  const fits = (type: string) => (type.endsWith('/*') ? file.mime.startsWith(type.slice(0, -1)) : file.mime === type);
  return channel.file_types.some(fits) ? null : 'wrong-type';
}
