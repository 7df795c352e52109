import tailwindcss from '@tailwindcss/vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type PluginOption } from 'vite';

// `--mode mock` answers the API from memory (dev/mock.ts); otherwise the dev
// server hands API calls to a running gateway. Neither is part of the build.
const gateway = process.env.ONETHREAD_GATEWAY ?? 'http://127.0.0.1:8080';

const proxy = { '/api': { target: gateway, changeOrigin: false } };

/** The gateway's own policy, so that `npm run preview` shows what it would refuse. */
const policy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'";

export default defineConfig(async ({ mode }) => {
  const plugins: PluginOption[] = [svelte(), tailwindcss()];
  if (mode === 'mock') plugins.push((await import('./dev/mock.ts')).mock());
  return {
    plugins,
    base: '/',
    build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    server: {
      host: '127.0.0.1',
      port: 5173,
      proxy: mode === 'mock' ? undefined : proxy,
    },
    preview: { host: '127.0.0.1', port: 4173, headers: { 'content-security-policy': policy }, proxy },
  };
});
