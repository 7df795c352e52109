// Components as they stand in the console: with the query client, and somebody signed in.

import { QueryClient } from '@tanstack/svelte-query';
import { render } from '@testing-library/svelte';
import type { Component } from 'svelte';
import { speech } from '../src/i18n/index.svelte';
import { session } from '../src/state/session.svelte';
import Frame from './Frame.svelte';

export function show<Props extends Record<string, unknown>>(component: Component<Props, Record<string, unknown>, string>, props: Props) {
  speech.speak('en');
  session.enter({ id: 'agt_mai', email: 'mai@sen.example', name: 'Nguyễn Thị Mai', role: 'admin', language: 'en', availability: 'online', shop: { name: 'Sen Shop' } });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(Frame as never, { props: { client, component, props } } as never);
}
