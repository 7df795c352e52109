// The one door to the gateway. It turns every failure into an `ApiError` with a
// sentence for a person, and never guesses that something worked.

import createClient from 'openapi-fetch';
import type { paths } from './schema';
import type { Problem, Written } from './types';

/** What went wrong with a call. `status` is 0 when no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    readonly retryAfter: number | null = null,
  ) {
    super(problem.detail || problem.title);
    this.name = 'ApiError';
  }

  get slug(): string {
    return this.problem.type.split('/').pop() ?? '';
  }

  /** No answer: the request may or may not have arrived. */
  get unanswered(): boolean {
    return this.status === 0;
  }

  field(name: string): string | undefined {
    return this.problem.errors?.find((error) => error.field === name)?.detail;
  }
}

let whenSignedOut: () => void = () => {};

/** Called when the gateway says that the session is over. */
export function onSignedOut(then: () => void): void {
  whenSignedOut = then;
}

export const client = createClient<paths>({
  baseUrl: typeof location === 'undefined' ? '/' : location.origin,
  credentials: 'same-origin',
  // Looked up at each call, so that tests can put a network of their own in between.
  fetch: (request) => globalThis.fetch(request),
});

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; throws `ApiError` for anything else. */
export async function take<T>(call: Promise<Answered<T>>): Promise<Written<T>> {
  let answered: Answered<T>;
  try {
    answered = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, { type: 'unreachable', title: 'unreachable', status: 0 });
  }
  const { data, error, response } = answered;
  if (response.ok) return data as Written<T>;
  if (response.status === 401 && !response.url.endsWith('/session')) whenSignedOut();
  throw new ApiError(response.status, asProblem(error, response), seconds(response.headers.get('retry-after')));
}

function asProblem(body: unknown, response: Response): Problem {
  if (body && typeof body === 'object' && 'title' in body) return body as Problem;
  const title = response.statusText || `HTTP ${response.status}`;
  return { type: 'unexpected', title, status: response.status };
}

function seconds(header: string | null): number | null {
  const value = Number(header);
  return header && Number.isFinite(value) ? value : null;
}
