// Single keys at the desk. Silent while somebody types, and when turned off.

import type { View } from '../api/types';
import { prefs } from '../state/prefs.svelte';
import { router } from '../state/router.svelte';
import * as acts from './acts';
import { desk } from './desk.svelte';

interface Place {
  view: () => View;
  id: () => string | null;
  open: (thread: string) => void;
  help: () => void;
}

const VIEWS: View[] = ['waiting', 'mine', 'bot', 'all'];

/** Does this key belong to the page, not to a field, a dialog or the browser? */
export function isForDesk(pressed: KeyboardEvent): boolean {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || pressed.isComposing || pressed.defaultPrevented) return false;
  const target = pressed.target as HTMLElement | null;
  return !target?.closest?.('input, textarea, select, [contenteditable], [role="dialog"], [role="alertdialog"], [role="menu"]');
}

export function deskKeys(place: Place): (pressed: KeyboardEvent) => void {
  const walk = (step: number) => {
    const threads = desk.shelf.threads;
    const at = threads.findIndex((thread) => thread.id === place.id());
    const next = threads[at < 0 ? 0 : at + step];
    if (next) place.open(next.id);
  };
  const focus = (what: string) => document.querySelector<HTMLElement>(`[data-focus="${what}"]`)?.focus();
  const click = (what: string) => document.querySelector<HTMLElement>(`[data-key="${what}"]`)?.click();
  const keys: Record<string, () => void> = {
    j: () => walk(1),
    k: () => walk(-1),
    f: () => focus('search'),
    r: () => click('reply'),
    n: () => click('note'),
    a: () => click('assign'),
    p: () => click('panel'),
    G: () => click('newest'),
    t: () => void acts.take(),
    e: () => void acts.resolve(),
    b: () => void acts.giveBack(),
    u: () => void acts.release(),
    Escape: () => {
      if (place.id()) router.go(`/desk/${place.view()}`);
    },
  };
  return (pressed) => {
    if (!isForDesk(pressed)) return;
    if (pressed.key === '?') return act(pressed, place.help);
    const view = VIEWS[Number(pressed.key) - 1];
    const run = view ? () => router.go(`/desk/${view}`) : keys[pressed.key];
    if (run && (prefs.keys || pressed.key === 'Escape')) act(pressed, run);
  };
}

function act(pressed: KeyboardEvent, run: () => void): void {
  pressed.preventDefault();
  run();
}
