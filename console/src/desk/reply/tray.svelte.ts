// Files beside the text: uploaded at once, so that sending does not wait for them.

import * as calls from '../../api/calls';
import type { Attachment, FileAttachment, StoredFile } from '../../api/types';

export interface TrayFile {
  key: number;
  name: string;
  size: number;
  mime: string;
  preview: string | null;
  state: 'uploading' | 'ready' | 'failed';
  stored: StoredFile | null;
  trouble: unknown;
  source: File;
  stop: AbortController;
}

export class Tray {
  files: TrayFile[] = $state.raw([]);
  #next = 1;

  get busy(): boolean {
    return this.files.some((file) => file.state === 'uploading');
  }

  get ready(): TrayFile[] {
    return this.files.filter((file) => file.state === 'ready');
  }

  add(files: Iterable<File>): void {
    for (const source of files) {
      const file: TrayFile = {
        key: this.#next++,
        name: source.name,
        size: source.size,
        mime: source.type || 'application/octet-stream',
        preview: source.type.startsWith('image/') ? URL.createObjectURL(source) : null,
        state: 'uploading',
        stored: null,
        trouble: null,
        source,
        stop: new AbortController(),
      };
      this.files = [...this.files, file];
      void this.#upload(file);
    }
  }

  again(file: TrayFile): void {
    this.#change(file.key, { state: 'uploading', trouble: null });
    void this.#upload(file);
  }

  remove(key: number): void {
    const file = this.files.find((known) => known.key === key);
    file?.stop.abort();
    if (file?.preview) URL.revokeObjectURL(file.preview);
    this.files = this.files.filter((known) => known.key !== key);
  }

  /** The files as an attachment list, and an empty tray. */
  empty(): { ids: string[]; shown: Attachment[] } {
    const stored = this.ready.map((file) => file.stored!);
    for (const file of this.files) if (file.preview) URL.revokeObjectURL(file.preview);
    this.files = [];
    return {
      ids: stored.map((file) => file.id),
      shown: stored.map((file) => ({ type: 'file', ...file, kind: file.kind as FileAttachment['kind'], state: 'stored', url: `/api/v1/files/${encodeURIComponent(file.id)}` })),
    };
  }

  async #upload(file: TrayFile): Promise<void> {
    try {
      const stored = await calls.upload(file.source, file.stop.signal);
      this.#change(file.key, { state: 'ready', stored, mime: stored.mime, size: stored.size });
    } catch (trouble) {
      if (!file.stop.signal.aborted) this.#change(file.key, { state: 'failed', trouble });
    }
  }

  #change(key: number, change: Partial<TrayFile>): void {
    this.files = this.files.map((file) => (file.key === key ? { ...file, ...change } : file));
  }
}
