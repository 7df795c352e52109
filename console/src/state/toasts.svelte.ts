// Short words at the edge of the page: something worked, or did not.

import { inWords } from '../i18n/problem';

export interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
  action?: { label: string; run: () => void };
}

class Toasts {
  items: Toast[] = $state([]);
  #next = 1;

  good(text: string, action?: Toast['action']): void {
    this.#show({ tone: 'good', text, action }, action ? 8_000 : 3_500);
  }

  bad(cause: unknown): void {
    this.#show({ tone: 'bad', text: typeof cause === 'string' ? cause : inWords(cause) }, 9_000);
  }

  close(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id);
  }

  #show(toast: Omit<Toast, 'id'>, time: number): void {
    const id = this.#next++;
    this.items = [...this.items.slice(-3), { id, ...toast }];
    setTimeout(() => this.close(id), time);
  }
}

export const toasts = new Toasts();
