import tailwindcss from '@tailwindcss/vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type PluginOption } from 'vite';

// `--mode mock` answers the API from memory (dev/mock.ts); otherwise the dev
// server hands API calls to a running gateway. Neither is part of the build.
const gateway = process.env.ONETHREAD_GATEWAY ?? 'http://127.0.0.1:8080';

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
      proxy: mode === 'mock' ? undefined : { '/api': { target: gateway, changeOrigin: false } },
    },
  };
});
