// Where we are, by the browser's own history. A page that has unsaved changes may ask first.

class Router {
  path: string = $state(location.pathname);
  query: URLSearchParams = $state.raw(new URLSearchParams(location.search));
  /** Asked before leaving; answers whether to stay. */
  #mayLeave: (() => boolean) | null = null;

  constructor() {
    addEventListener('popstate', () => this.#read());
    addEventListener('click', (click) => this.#follow(click));
    addEventListener('beforeunload', (leaving) => {
      if (this.#mayLeave && !this.#mayLeave()) leaving.preventDefault();
    });
  }

  go(href: string, how: { replace?: boolean } = {}): void {
    if (href === location.pathname + location.search) return;
    if (this.#mayLeave && !this.#confirmed()) return;
    history[how.replace ? 'replaceState' : 'pushState'](null, '', href);
    this.#read();
  }

  /** `clean` answers whether the page may be left without a question. Gives back how to withdraw it. */
  guard(clean: () => boolean, ask: () => boolean): () => void {
    const mine = clean;
    this.#mayLeave = mine;
    this.#ask = ask;
    return () => {
      if (this.#mayLeave === mine) this.#mayLeave = null;
    };
  }

  #ask: () => boolean = () => true;

  #confirmed(): boolean {
    return this.#mayLeave!() || this.#ask();
  }

  #read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  #follow(click: MouseEvent): void {
    if (click.defaultPrevented || click.button !== 0 || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
    const anchor = (click.target as Element | null)?.closest?.('a');
    if (!anchor || anchor.target || anchor.hasAttribute('download') || anchor.origin !== location.origin) return;
    if (anchor.pathname.startsWith('/api/') || anchor.hash) return;
    click.preventDefault();
    this.go(anchor.pathname + anchor.search);
  }
}

export const router = new Router();

/** `/desk/:view/:thread` against a path: the named parts, or nothing. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(':')) found[part.slice(1)] = decodeURIComponent(given[at]!);
    else if (part !== given[at]) return null;
  }
  return found;
}
