// Filing and dismissing, with what the page must know afterwards.

import * as calls from '../../api/calls';
import type { Answer, MissedGroup, MissedMessages, Target } from '../../api/types';
import { t } from '../../i18n/index.svelte';
import { queryClient, renew } from '../../state/queries';
import { toasts } from '../../state/toasts.svelte';
import { nameOf } from './names';
import { pickTarget } from './pick.svelte';

/** Answers whether it worked. */
export async function fileUnder(target: Target, what: { message_ids?: string[]; texts?: string[] }): Promise<boolean> {
  try {
    const { phrases } = await calls.filePhrases({ kind: target.kind, target: target.target, ...what });
    const answers = queryClient.getQueryData<{ items: Answer[] }>(['answers', '']);
    toasts.good(t().learning.filed(phrases, nameOf(target, answers?.items ?? [], t())));
    renew('learning', 'phrases');
    return true;
  } catch (cause) {
    toasts.bad(cause);
    return false;
  }
}

/** From a thread: this message means something. */
export async function teach(message: { id: string; text: string }): Promise<void> {
  const target = await pickTarget(message.text);
  if (target && (await fileUnder(target, { message_ids: [message.id] }))) renew('missed');
}

export async function dismiss(group: MissedGroup): Promise<boolean> {
  try {
    await calls.dismissMissed(group.message_ids);
    toasts.good(t().learning.dismissed);
    renew('learning');
    return true;
  } catch (cause) {
    toasts.bad(cause);
    return false;
  }
}

/** The list without a group that is dealt with. A group that came anew, with other messages, stays. */
export function without(missed: MissedMessages, group: MissedGroup): MissedMessages {
  const gone = new Set(group.message_ids);
  const groups = missed.groups.filter((other) => !other.message_ids.every((id) => gone.has(id)));
  if (groups.length === missed.groups.length) return missed;
  return { ...missed, groups, messages: missed.messages - group.message_ids.length };
}
