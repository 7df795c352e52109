// Waiting for what a page will show, with a sentence when it does not.

import assert from 'node:assert/strict';

/** Ask again until `look` answers something that `fits`; an event of the page would do no better. */
export async function eventually(look, fits, what, within = 15_000) {
  const until = Date.now() + within;
  let seen;
  do {
    seen = await look();
    if (fits(seen)) return seen;
    await new Promise((soon) => setTimeout(soon, 60));
  } while (Date.now() < until);
  return assert.fail(`${what}; seen last: ${JSON.stringify(seen, null, 1)}`);
}

export async function expectText(locator, text) {
  return eventually(
    async () => ((await locator.count()) ? locator.first().evaluate((node) => node.innerText || node.textContent || '') : ''),
    (seen) => (text instanceof RegExp ? text.test(seen) : seen.includes(text)),
    `“${text}” never stood there`,
  );
}

export async function expectGone(locator, what) {
  await eventually(() => locator.count(), (count) => count === 0, `${what} did not go away`);
}
