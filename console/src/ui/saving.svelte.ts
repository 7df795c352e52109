// One form on its way to the gateway: busy, and what is wrong with which field.

import { ApiError } from '../api/client';

export class Saving {
  busy = $state(false);
  trouble: unknown = $state.raw(null);

  /** Runs the call; answers whether it worked. */
  async run(call: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.trouble = null;
    try {
      await call();
      return true;
    } catch (cause) {
      this.trouble = cause;
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** The sentence for one field. Some say `settings.token` where the form says `token`. */
  field(name: string): string | undefined {
    if (!(this.trouble instanceof ApiError)) return undefined;
    const { trouble } = this;
    return trouble.field(name) ?? trouble.problem.errors?.find((error) => last(error.field) === name)?.detail;
  }

  /** What no field of the form can show. */
  rest(...shown: string[]): unknown {
    if (!(this.trouble instanceof ApiError)) return this.trouble;
    const errors = this.trouble.problem.errors ?? [];
    return errors.length > 0 && errors.every((error) => shown.includes(last(error.field))) ? null : this.trouble;
  }
}

/** `settings.token`, `order_code_patterns[0]`: the name that the form knows. */
function last(field: string): string {
  return field.replace(/\[\d+\]$/, '').split(/[./]/).pop() ?? '';
}
