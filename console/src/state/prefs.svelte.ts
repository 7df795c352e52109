// What this browser remembers about how its agent likes to work.

const KEPT = 'onethread.prefs';

interface Kept {
  notify: boolean;
  keys: boolean;
  panel: boolean;
}

class Preferences {
  #kept: Kept = $state(read());

  get notify() {
    return this.#kept.notify;
  }
  get keys() {
    return this.#kept.keys;
  }
  get panel() {
    return this.#kept.panel;
  }

  set(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    localStorage.setItem(KEPT, JSON.stringify(this.#kept));
  }
}

function read(): Kept {
  const usual: Kept = { notify: false, keys: true, panel: true };
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Kept>) };
  } catch {
    return usual;
  }
}

export const prefs = new Preferences();
