// On which of a customer's identities one may write now. Pure.

import type { Identity } from '../../api/types';

/** A window may close while the page is open: the clock decides, not the last answer. */
export function reachNow(identity: Identity, now: number): Identity['reachable']['state'] {
  const { state, until } = identity.reachable;
  return state === 'open' && until !== null && until <= now ? 'closed' : state;
}

export function mayWrite(identity: Identity, now: number): boolean {
  const state = reachNow(identity, now);
  return state === 'open' || state === 'unknown';
}

/** Where the customer last wrote, if one may write there; else the best of the others. */
export function defaultIdentity(identities: readonly Identity[], last: string | null, now = Date.now()): Identity | null {
  const writable = identities.filter((identity) => mayWrite(identity, now));
  const rank = (identity: Identity) =>
    (identity.id === last ? 4 : 0) + (reachNow(identity, now) === 'open' ? 2 : 0);
  const recent = (identity: Identity) => identity.last_interaction_at ?? 0;
  return [...writable].sort((a, b) => rank(b) - rank(a) || recent(b) - recent(a))[0] ?? null;
}
