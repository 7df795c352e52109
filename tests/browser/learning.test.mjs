// Teaching the bot: a customer is not understood, an agent says what was meant, an admin publishes it.

import { assertAccessible, PHONE, picture } from './kit/browser.mjs';
import { signIn } from './kit/console.mjs';
import { expectGone, expectText } from './kit/expect.mjs';
import { story } from './kit/story.mjs';
import { Widget } from './kit/widget.mjs';

const STRANGE = 'bên mình có nhận thêu tên lên vỏ gối hông shop';
const toast = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();

async function visitor({ person, gateway }) {
  const widget = new Widget(await person());
  await widget.visit(gateway);
  await widget.open();
  return widget;
}

async function teach(page, gateway, email) {
  await signIn(page, gateway, email);
  await page.goto(`${gateway.console}/learning`);
  await page.getByRole('heading', { level: 1, name: 'Teach the bot' }).waitFor();
}

story('what a customer said in vain is taught, published and taken back', async (stage) => {
  const { gateway, person } = stage;
  const widget = await visitor(stage);
  for (const text of ['zxqv blorp wmpf', 'blorp zxqv wmpf']) {
    await widget.says(text);
    await widget.hears(/nhân viên/);
  }

  const mai = await person();
  await teach(mai, gateway, 'mai@demo.shop');
  const group = mai.getByRole('article').filter({ hasText: 'zxqv blorp wmpf' });
  await expectText(group, '2 messages');
  await assertAccessible(mai, 'what was not understood');
  await picture(mai, 'learning-missed');
  await group.getByRole('button', { name: 'Something else…' }).click();
  const dialog = mai.getByRole('dialog', { name: 'What does it mean?' });
  await dialog.getByRole('searchbox').fill('phi giao hang');
  await assertAccessible(mai, 'the choice of a meaning');
  // By keyboard alone: the first that is found.
  await dialog.getByRole('searchbox').press('Enter');
  await toast(mai, '2 phrases in the draft');
  await expectText(mai.getByRole('main'), 'The bot understood everything.');
  await mai.getByRole('link', { name: /^Draft/ }).click();
  await expectText(mai.getByRole('main'), 'Admins publish the draft.');

  const admin = await person();
  await teach(admin, gateway, 'admin@demo.shop');
  await admin.getByRole('link', { name: /^Draft/ }).click();
  await expectText(admin.getByRole('main'), /2 messages of the last 14 days replayed[\s\S]*does not understand[\s\S]*answers “Phí giao hàng”/);
  await assertAccessible(admin, 'the draft with its rehearsal');
  await picture(admin, 'learning-draft');
  await admin.getByLabel('Note').fill('vụ blorp');
  await admin.getByRole('button', { name: 'Publish' }).click();
  await toast(admin, 'Version 1 is live.');
  const second = await visitor(stage);
  await second.says('shop ơi zxqv blorp wmpf ạ');
  await second.hears('25.000');

  await admin.getByRole('link', { name: /^Versions/ }).click();
  await expectText(admin.getByRole('listitem').filter({ hasText: 'vụ blorp' }), 'live');
  await assertAccessible(admin, 'the versions');
  await admin.getByRole('button', { name: 'Go back to this: As it came' }).click();
  await toast(admin, 'The bot answers by “As it came” now.');
  const third = await visitor(stage);
  await third.says('zxqv blorp wmpf');
  await third.hears(/nhân viên/);
});

story('a message is taught from its thread, on a phone too', async (stage) => {
  const { gateway, person } = stage;
  const widget = await visitor(stage);
  await widget.says(STRANGE);
  await widget.hears(/./);
  const mai = await person();
  await signIn(mai, gateway, 'mai@demo.shop');
  await mai.goto(`${gateway.console}/desk/all`);
  // A visitor of the website has no name: theirs is the only thread.
  await mai.locator('[data-thread]').first().click();
  const message = mai.getByRole('article').filter({ hasText: STRANGE }).first();
  await message.getByRole('button', { name: 'Teach the bot with this message' }).focus();
  await mai.keyboard.press('Enter');
  const dialog = mai.getByRole('dialog', { name: 'What does it mean?' });
  await expectText(dialog, STRANGE);
  await dialog.getByRole('button', { name: 'Promotion' }).click();
  await toast(mai, '1 phrase in the draft');

  const pocket = await person({ size: PHONE });
  await teach(pocket, gateway, 'admin@demo.shop');
  await expectGone(pocket.getByText(STRANGE), 'a message that is filed');
  await pocket.getByRole('link', { name: /^Draft/ }).click();
  await expectText(pocket.getByRole('main'), STRANGE);
  const sideways = await pocket.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (sideways > 0) throw new Error(`the page is ${sideways} px too wide on a phone`);
  await assertAccessible(pocket, 'the draft on a phone');
  await picture(pocket, 'learning-phone');
});
