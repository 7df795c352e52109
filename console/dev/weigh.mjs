// Weighs what a browser fetches first, and fails when it grows too heavy.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT = 150 * 1024;
const html = readFileSync('dist/index.html', 'utf8');
const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
const weight = first.reduce((sum, file) => sum + gzipSync(readFileSync(`dist/${file}`)).length, 0);
const styles = [...html.matchAll(/href="\/(assets\/[^"]+\.css)"/g)].reduce((sum, match) => sum + gzipSync(readFileSync(`dist/${match[1]}`)).length, 0);
const kB = (bytes) => `${(bytes / 1024).toFixed(1)} kB`;

console.log(`initial JavaScript, gzip: ${kB(weight)} of ${kB(LIMIT)} (${first.length} files); styles: ${kB(styles)}`);
if (weight > LIMIT) {
  console.error('too heavy: load a page when it is needed, not before');
  process.exit(1);
}
