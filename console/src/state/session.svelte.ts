// Who is signed in.

import * as calls from '../api/calls';
import { ApiError } from '../api/client';
import type { Me } from '../api/types';
import { speech } from '../i18n/index.svelte';

type Standing = 'asking' | 'out' | 'in' | 'unreachable';

// The cookie is out of our sight; this remembers that there may be one, so that
// a first visitor's browser need not ask and log a refusal.
const HINT = 'onethread.signed-in';

class Session {
  standing: Standing = $state('asking');
  me: Me | null = $state.raw(null);

  get admin(): boolean {
    return this.me?.role === 'admin';
  }

  async ask(): Promise<void> {
    if (!localStorage.getItem(HINT)) {
      this.standing = 'out';
      return;
    }
    this.standing = 'asking';
    try {
      this.enter(await calls.whoAmI());
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 401) this.leave();
      else this.standing = 'unreachable';
    }
  }

  enter(me: Me): void {
    this.update(me);
    localStorage.setItem(HINT, '1');
    this.standing = 'in';
  }

  update(me: Me): void {
    this.me = me;
    if (me.language) speech.speak(me.language);
  }

  leave(): void {
    this.me = null;
    localStorage.removeItem(HINT);
    this.standing = 'out';
  }
}

export const session = new Session();
