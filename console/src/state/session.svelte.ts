// Who is signed in.

import * as calls from '../api/calls';
import { ApiError } from '../api/client';
import type { Me } from '../api/types';
import { speech } from '../i18n/index.svelte';

type Standing = 'asking' | 'out' | 'in' | 'unreachable';

class Session {
  standing: Standing = $state('asking');
  me: Me | null = $state.raw(null);

  get admin(): boolean {
    return this.me?.role === 'admin';
  }

  async ask(): Promise<void> {
    this.standing = 'asking';
    try {
      this.enter(await calls.whoAmI());
    } catch (cause) {
      this.standing = cause instanceof ApiError && cause.status === 401 ? 'out' : 'unreachable';
    }
  }

  enter(me: Me): void {
    this.update(me);
    this.standing = 'in';
  }

  update(me: Me): void {
    this.me = me;
    if (me.language) speech.speak(me.language);
  }

  leave(): void {
    this.me = null;
    this.standing = 'out';
  }
}

export const session = new Session();
