// The images of a thread in order, for walking through them.

import type { FileAttachment } from '../../api/types';
import type { Entry } from './timeline';

export interface Shown {
  file: FileAttachment;
}

export function imagesOf(entries: readonly Entry[]): FileAttachment[] {
  const images: FileAttachment[] = [];
  for (const entry of entries) {
    for (const attachment of entry.attachments) {
      if (attachment.type === 'file' && attachment.kind === 'image' && attachment.state === 'stored') images.push(attachment);
    }
  }
  return images;
}
