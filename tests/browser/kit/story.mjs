// A story: one gateway, one browser, several people; all of it is gone at the end.

import { test } from 'node:test';
import { assertQuiet, keepFailure, openBrowser, openPage } from './browser.mjs';
import { Gateway } from './gateway.mjs';

/** Tell a story in words: `story('a customer …', async ({ gateway, person }) => …)`. */
export function story(title, tell) {
  test(title, { timeout: 240_000 }, async () => {
    const gateway = await Gateway.start();
    const browser = await openBrowser();
    const pages = [];
    const person = async (options) => {
      pages.push(await openPage(browser, options));
      return pages.at(-1);
    };
    try {
      await tell({ gateway, person });
      assertQuiet(...pages);
    } catch (error) {
      await keepFailure(pages, title.replaceAll(/[^\p{L}\d]+/gu, '-').slice(0, 60));
      const errors = pages.flatMap((page) => page.errors).join('\n');
      console.error(`${errors}\n--- the gateway's log\n${gateway.log}`);
      throw error;
    } finally {
      await browser.close();
      await gateway.close();
    }
  });
}
