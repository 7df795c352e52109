// A system line in words. The gateway says what happened, the console how it is called.

import type { ThreadEvent } from '../../api/types';
import type { Dictionary } from '../../i18n/en';

/** A name that may come bare or as `{id, name}`. */
function named(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const name = value && typeof value === 'object' && 'name' in value ? value.name : null;
  return typeof name === 'string' ? name : null;
}

export function lineInWords(event: ThreadEvent, words: Dictionary): string {
  const { lines, reasons, thread } = words;
  const agent = named(event.agent);
  const text = (key: string) => named(event[key]);
  switch (event.type) {
    case 'handoff_opened':
      return lines.handoff_opened(reasons[text('reason') ?? ''] ?? text('reason') ?? '');
    case 'taken':
      return lines.taken(agent ?? thread.someAgent);
    case 'assigned':
      return lines.assigned(agent ?? thread.someAgent, text('by'));
    case 'released':
      return lines.released(agent);
    case 'resolved':
      return lines.resolved(agent);
    case 'returned_to_bot':
      return lines.returned_to_bot(agent);
    case 'merged':
      return lines.merged(text('customer') ?? thread.customer);
    case 'unmerged':
      return lines.unmerged(text('customer') ?? thread.customer);
    case 'phone_shared':
      return lines.phone_shared(text('phone') ?? '', event.own === true);
    case 'started':
      return lines.started(text('reference'));
    case 'pressed':
      return lines.pressed(text('label') ?? text('payload') ?? '');
    case 'customer_blocked':
    case 'customer_unblocked':
    case 'followed':
    case 'unfollowed':
    case 'answered_elsewhere':
    case 'order_lookup_locked':
      return lines[event.type];
    default:
      return lines.other(String(event.type));
  }
}
