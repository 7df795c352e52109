import { expect, test } from 'vitest';
import { pieces, safe } from '../src/desk/thread/links';

const links = (text: string) => pieces(text).filter((piece) => piece.href).map((piece) => piece.href);

test('nothing of the text is lost', () => {
  for (const text of ['', 'xin chào', 'a https://b.vn, c', '(xem https://b.vn/x_(1).) và www.c.vn!', 'https://', 'http://x']) {
    expect(pieces(text).map((piece) => piece.text).join('')).toBe(text);
  }
});

test('a sentence’s own punctuation is not part of the link', () => {
  expect(links('Xem https://shop.vn/a?b=1, rồi (https://shop.vn/c).')).toEqual(['https://shop.vn/a?b=1', 'https://shop.vn/c']);
  expect(links('https://vi.wiki.example/wiki/Sen_(hoa)')).toEqual(['https://vi.wiki.example/wiki/Sen_(hoa)']);
});

test('www without a scheme goes to https', () => {
  expect(links('www.shop.vn/x')).toEqual(['https://www.shop.vn/x']);
});

test('no other scheme becomes a link', () => {
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'ftp://x.vn', 'JaVaScRiPt://x.vn/%0aalert(1)', 'file:///etc/passwd']) expect(links(text)).toEqual([]);
});

test('a link that hides where it goes is no link', () => {
  expect(safe('https://shop.vn@evil.example/')).toBeUndefined();
  expect(safe('https://user:pass@evil.example/')).toBeUndefined();
  expect(links('https://shop.vn\u202egnp.exe')).toEqual(['https://shop.vn/']);
});

test('a lookalike host is shown as what it is', () => {
  expect(safe('https://аррӏе.com/')).toMatch(/^https:\/\/xn--/);
});
