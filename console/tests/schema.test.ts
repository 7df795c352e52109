import { readFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';

test('the types are those of openapi.json; else run `npm run types`', async () => {
  const document = JSON.parse(readFileSync('openapi.json', 'utf8')) as object;
  const generated = astToString(await openapiTS(document as never));
  expect(readFileSync('src/api/schema.d.ts', 'utf8').endsWith(generated)).toBe(true);
});
