// Chromium, and pages that remember everything that went wrong in them.

import axe from 'axe-core';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { fileURLToPath } from 'node:url';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--hide-scrollbars', '--font-render-hinting=none',
];
const OUTPUT = fileURLToPath(new URL('../output/', import.meta.url));
/** A run leaves the documentation's pictures alone unless ONETHREAD_TEST_PICTURES=keep asks for new ones. */
const IMAGES = process.env.ONETHREAD_TEST_PICTURES === 'keep' ? fileURLToPath(new URL('../../../docs/images/', import.meta.url)) : OUTPUT;
/** Without a session the gateway says so, and the browser notes it. */
const SIGNED_OUT = /status of 401 .*\/api\/v1\/session$/;
/** What a browser says about a gateway that is down. */
const UNREACHABLE = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|NETWORK_IO_SUSPENDED|INTERNET_DISCONNECTED)/;
/** What it says about an answer that a form shows to its reader. */
const REFUSED = /status of (409|422) /;
export const DESKTOP = { width: 1366, height: 768 };
export const PHONE = { width: 390, height: 844 };

export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.ONETHREAD_TEST_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** A page of its own person: own cookies, own storage, and a memory of its errors. */
export async function openPage(browser, { size = DESKTOP, locale = 'en-GB', ...more } = {}) {
  const context = await browser.newContext({ viewport: size, locale, timezoneId: 'Asia/Ho_Chi_Minh', colorScheme: 'light', ...more });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.errors = [];
  page.outage = page.refused = false;
  page.on('pageerror', (error) => page.errors.push(`uncaught: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const line = `${message.text()} ${message.location().url}`.trim();
    const announced = (page.outage && UNREACHABLE.test(line)) || (page.refused && REFUSED.test(line));
    if (!SIGNED_OUT.test(line) && !announced) page.errors.push(line);
  });
  return page;
}

/** Fails when a page had an error that no story announced. */
export function assertQuiet(...pages) {
  assert.deepEqual(pages.flatMap((page) => page.errors), [], 'a page logged errors');
}

/** What is fading in has no colours of its own yet. */
async function stillness(page) {
  await page.evaluate(() => {
    const passing = document.getAnimations().filter((animation) => Number.isFinite(animation.effect.getComputedTiming().endTime));
    return Promise.allSettled(passing.map((animation) => animation.finished)).then(() => {});
  });
}

/** Fails when axe finds a serious or critical violation on what the page shows now. */
export async function assertAccessible(page, what) {
  // What comes while axe looks must not fade in either.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await stillness(page);
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  await page.emulateMedia({ reducedMotion: null });
  const bad = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const words = bad.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 4).map((node) => node.html).join('\n  ')}`);
  assert.deepEqual(words, [], `axe on ${what}`);
}

/** Keep a picture for the documentation: what stands there once passing words are gone. */
export async function picture(page, name, options = {}) {
  await page.mouse.move(page.viewportSize().width / 2, 1);
  await page.locator('[role=status][aria-live=polite] > *').first().waitFor({ state: 'detached' });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${IMAGES}${name}.png`, animations: 'disabled', ...options });
}

/** What a failing story looked like, to look at afterwards. */
export async function keepFailure(pages, name) {
  await Promise.all(pages.map((page, at) => page.screenshot({ path: `${OUTPUT}${name}-${at}.png` }).catch(() => {})));
}
