// What may never be in the console's code.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(svelte|ts|css)$/.test(entry.name) && entry.name !== 'schema.d.ts')
  .map((entry) => join(entry.parentPath, entry.name));
const found = (pattern: RegExp) => files.filter((file) => pattern.test(readFileSync(file, 'utf8')));

test('there is code to look at', () => {
  expect(files.length).toBeGreaterThan(80);
});

test('no text is ever rendered as markup', () => {
  expect(found(/\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser/)).toEqual([]);
});

test('no platform is named', () => {
  expect(found(/telegram|discord|facebook|messenger|zalo/i)).toEqual([]);
});

test('nothing is fetched from elsewhere', () => {
  expect(found(/@import\s+url|src="https?:|url\(https?:|fetch\(['"`]https?:/)).toEqual([]);
});

test('every link that leaves the console says so to the browser', () => {
  const loose = files.filter((file) => (readFileSync(file, 'utf8').match(/<a [^>]*target="_blank"[^>]*>/g) ?? []).some((anchor) => !anchor.includes('rel="noopener noreferrer nofollow"')));
  expect(loose).toEqual([]);
});

test('no component has grown past two hundred lines', () => {
  expect(files.filter((file) => file.endsWith('.svelte') && readFileSync(file, 'utf8').split('\n').length > 225)).toEqual([]);
});
