// Reads server-sent events from chunks of text. We read the stream ourselves
// because the browser's EventSource hides keep-alives and status codes, and
// without them a dead line looks like a quiet one.

export interface Frame {
  id: string | null;
  data: string;
}

/** Feed it what arrives; it gives whole frames. A comment is a frame without data. */
export class FrameReader {
  #rest = '';

  feed(chunk: string): Frame[] {
    this.#rest += chunk;
    const frames: Frame[] = [];
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.#rest);
      if (!end) return frames;
      frames.push(readFrame(this.#rest.slice(0, end.index)));
      this.#rest = this.#rest.slice(end.index + end[0].length);
    }
  }
}

function readFrame(block: string): Frame {
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    if (field === 'data') data.push(value);
  }
  return { id, data: data.join('\n') };
}
