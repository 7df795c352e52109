// A failed call as one sentence for a person, and where it helps, a second one.

import { ApiError } from '../api/client';
import { t } from './index.svelte';

export function inWords(cause: unknown): string {
  if (!(cause instanceof ApiError)) return t().errors.unexpected;
  if (cause.unanswered) return t().errors.unreachable;
  if (cause.status === 429 && cause.retryAfter !== null) return t().errors.tooManyTries(cause.retryAfter);
  const barred = cause.problem.code && t().refused[cause.problem.code];
  if (barred) return barred;
  if (cause.status === 403) return cause.problem.detail || t().errors.notAllowed;
  const fields = cause.problem.errors?.map((error) => `${error.field}: ${error.detail}`) ?? [];
  const said = cause.problem.detail || fields.join('; ') || (cause.slug === 'unexpected' ? t().errors.unexpected : cause.problem.title);
  const { hint } = cause.problem;
  return hint ? `${said}${/[.!?]$/.test(said) ? '' : ';'} ${hint}` : said;
}
