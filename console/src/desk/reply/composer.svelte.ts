// What is being written in one thread: the text, whether it is a note, on which
// channel it leaves, and what goes with it. Kept as a draft while it is typed.

import * as calls from '../../api/calls';
import type { Identity, Message, ThreadDetail } from '../../api/types';
import type { Sender, ThreadLog } from '../thread/log.svelte';
import { drafts } from './kept';
import { defaultIdentity } from './reach';
import { Tray } from './tray.svelte';

/** Platforms show typing for a few seconds; telling them more often is noise. */
const TYPING_EVERY = 5_000;

export class Composer {
  text = $state('');
  note = $state(false);
  quote: Message | null = $state.raw(null);
  tray = new Tray();
  #chosen: string | null = $state(null);
  #toldTyping = 0;

  constructor(
    private log: ThreadLog,
    private thread: () => ThreadDetail,
  ) {
    const draft = drafts.read(log.id);
    if (!draft) return;
    this.text = draft.text;
    this.note = draft.note;
    this.#chosen = draft.identity_id;
  }

  get identity(): Identity | null {
    const { identities, last_identity_id } = this.thread();
    return identities.find((known) => known.id === this.#chosen) ?? defaultIdentity(identities, last_identity_id);
  }

  choose(identity: Identity): void {
    this.#chosen = identity.id;
    this.keep();
  }

  get empty(): boolean {
    return this.text.trim() === '' && this.tray.ready.length === 0;
  }

  get maySend(): boolean {
    return !this.empty && !this.tray.busy && (this.note || this.identity !== null);
  }

  typed(): void {
    this.keep();
    const identity = this.identity;
    if (this.note || !identity || !this.text.trim() || Date.now() - this.#toldTyping < TYPING_EVERY) return;
    // The bot's thread stays the bot's while I only try out words.
    if (this.thread().status === 'bot') return;
    this.#toldTyping = Date.now();
    calls.typing(this.log.id, identity.id).catch(() => {});
  }

  keep(): void {
    drafts.keep(this.log.id, { text: this.text, note: this.note, identity_id: this.#chosen, at: Date.now() });
  }

  send(by: Sender): void {
    if (!this.maySend) return;
    const identity = this.note ? null : this.identity;
    const { ids, shown } = this.tray.empty();
    const outgoing = {
      text: this.text.trim(),
      ...(identity ? { identity_id: identity.id } : {}),
      ...(this.note ? { note: true } : {}),
      ...(ids.length ? { attachments: ids } : {}),
      ...(this.quote && !this.note ? { reply_to: this.quote.id } : {}),
    };
    void this.log.send(outgoing, by, { channel: identity?.channel ?? null, attachments: shown, quote: this.note ? null : this.quote });
    this.text = '';
    this.quote = null;
    this.#toldTyping = 0;
    drafts.drop(this.log.id);
  }
}
