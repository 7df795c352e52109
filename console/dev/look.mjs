// Looks at the console in a real browser: pictures of every page, errors in the
// browser's console, and accessibility. `npm run look [-- URL [folder [email [password]]]]`

import { mkdirSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [url = 'http://127.0.0.1:5173', folder = '/tmp/console-looks', email = 'mai@sen.example', password = 'long-enough-1'] = process.argv.slice(2);
const only = process.env.ONLY?.split(',');
mkdirSync(folder, { recursive: true });
const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
let troubles = 0;

async function look(name, size, scheme, locale, run) {
  const context = await browser.newContext({ viewport: size, colorScheme: scheme, locale, timezoneId: 'Asia/Ho_Chi_Minh', deviceScaleFactor: 1, hasTouch: size.width < 500, isMobile: size.width < 500 });
  const page = await context.newPage();
  const complain = (what) => {
    troubles++;
    console.log(`  ! ${name}: ${what}`);
  };
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && !/401/.test(message.text()) && complain(message.text()));
  page.on('pageerror', (error) => complain(`${error.message}\n${error.stack?.split('\n').slice(0, 6).join('\n')}`));
  const shot = async (part) => {
    await page.waitForTimeout(450);
    await page.screenshot({ path: `${folder}/${name}-${part}.png` });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    for (const one of violations) {
      if (!['serious', 'critical'].includes(one.impact)) continue;
      complain(`axe on ${part}: ${one.id} (${one.impact}) ${one.nodes.length}× ${one.nodes[0].html.slice(0, 200)} — ${one.nodes[0].failureSummary?.split('\n')[1] ?? ''}`);
    }
  };
  const signIn = async () => {
    await page.request.delete(`${url}/api/v1/session`, { headers: { 'sec-fetch-site': 'same-origin' } }).catch(() => {});
    await page.goto(url);
    await page.fill('input[type=email]', email);
    await page.fill('input[type=password]', password);
    if (!only) await shot('signin');
    await page.click('button[type=submit]');
    await page.waitForSelector('[data-line=live]', { state: 'attached' });
  };
  try {
    await run({ page, shot, signIn });
  } catch (error) {
    complain(error.message);
    await page.screenshot({ path: `${folder}/${name}-trouble.png` });
  }
  await context.close();
}

const wide = { width: 1366, height: 768 };
const phone = { width: 390, height: 844 };
const want = (part) => !only || only.includes(part);

async function tour({ page, shot, signIn }) {
  await signIn();
  if (want('list')) await shot('list');
  await page.goto(`${url}/desk/mine`);
  await page.waitForSelector('[data-thread]', { timeout: 3000 }).catch(() => page.goto(`${url}/desk/all`));
  await page.waitForSelector('[data-thread]');
  await page.click('[data-thread] >> nth=0');
  await page.waitForSelector('[data-voice]');
  if (want('thread')) await shot('thread');
  if (page.viewportSize().width < 500 && want('panel')) {
    await page.click('[data-key=panel]');
    await shot('panel');
    await page.goBack();
  }
  if (want('up')) {
    await page.mouse.move(600, 350);
    for (let at = 0; at < 7; at++) {
      await page.evaluate(() => document.querySelector('[role=log] [tabindex="0"]').scrollBy(0, -380));
      await page.waitForTimeout(120);
      if (at % 3 === 2) await shot(`up${at}`);
    }
  }
  for (const place of ['answers', 'learning', 'learning/draft', 'learning/versions', 'orders', 'canned', 'inboxes', 'agents', 'settings', 'account']) {
    if (!want(place)) continue;
    await page.goto(`${url}/${place}`);
    await page.waitForSelector('h1');
    await shot(place.replace('/', '-'));
  }
}

if (want('wide') || !only?.includes('phone')) await look('wide', wide, 'light', 'vi-VN', tour);
if (!only || only.includes('dark')) await look('dark', wide, 'dark', 'en-GB', tour);
if (!only || only.includes('phone')) await look('phone', phone, 'light', 'vi-VN', tour);
await browser.close();
console.log(troubles ? `${troubles} troubles` : 'no troubles', `— pictures in ${folder}`);
process.exit(troubles ? 1 : 0);
