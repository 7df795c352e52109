// The desk without a mouse, with `/` for canned replies, in both languages.

import assert from 'node:assert/strict';
import { assertAccessible } from './kit/browser.mjs';
import { Desk, signIn } from './kit/console.mjs';
import { eventually, expectText } from './kit/expect.mjs';
import { openPhones, Phone } from './kit/phone.mjs';
import { story } from './kit/story.mjs';

story('an agent works from the list to the resolve by keyboard alone', async ({ gateway, person }) => {
  const street = await person();
  await openPhones(street, gateway);
  const phone = new Phone(street, 'Messenger');
  await phone.says('cho em gặp nhân viên với ạ');
  await phone.hears(/nhân viên/);
  const office = await person();
  await signIn(office, gateway, 'mai@demo.shop');
  const desk = new Desk(office);
  await desk.thread('Nguyễn Thị Lan').waitFor();
  const keys = office.keyboard;

  await keys.press('j');
  await office.getByRole('heading', { level: 1, name: 'Nguyễn Thị Lan' }).waitFor();
  await desk.messages.first().waitFor();
  await keys.press('t');
  await office.getByRole('button', { name: 'Resolve', exact: true }).waitFor();
  await keys.press('r');
  await keys.type('/ch');
  const offers = office.getByRole('option');
  await offers.filter({ hasText: '/chao' }).waitFor();
  await assertAccessible(office, 'the canned replies');
  for (let step = 0; step < 8 && !(await office.getByRole('option', { selected: true }).innerText()).includes('/chao'); step++) await keys.press('ArrowDown');
  await keys.press('Enter');
  await eventually(() => desk.reply.inputValue(), (text) => text.includes('xin chào Nguyễn Thị Lan, em là Ngọc Mai'), 'the names were filled in');
  await keys.press('Enter');
  await phone.hears('xin chào Nguyễn Thị Lan, em là Ngọc Mai');
  await keys.press('Escape');
  await keys.press('n');
  await keys.type('ghi chú bằng bàn phím');
  await keys.press('Enter');
  await desk.message('ghi chú bằng bàn phím').waitFor();
  await keys.press('Escape');
  await keys.press('?');
  await office.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await assertAccessible(office, 'the help for keys');
  await keys.press('Escape');
  await office.getByRole('dialog').waitFor({ state: 'detached' });
  await keys.press('e');
  await expectText(office.getByRole('main'), 'The bot answers');
  await keys.press('4');
  await office.waitForURL(/\/desk\/all/);
  assert.equal(await street.getByText('ghi chú bằng bàn phím').count(), 0, 'the note stayed inside');
});

story('the console speaks Vietnamese and English, and remembers which', async ({ gateway, person }) => {
  const office = await person({ locale: 'vi-VN' });
  await office.goto(gateway.console);
  await office.getByRole('button', { name: 'Đăng nhập' }).waitFor();
  await assertAccessible(office, 'the door');
  await office.getByRole('button', { name: 'English' }).click();
  await office.getByRole('button', { name: 'Sign in' }).waitFor();
  await office.getByRole('button', { name: 'Tiếng Việt' }).click();
  await office.getByLabel('E-mail').fill('admin@demo.shop');
  await office.getByRole('textbox', { name: 'Mật khẩu' }).fill('sai-mat-khau');
  await office.getByRole('button', { name: 'Đăng nhập' }).click();
  await expectText(office.getByRole('main'), /sai|không đúng/i);
  await office.getByRole('textbox', { name: 'Mật khẩu' }).fill('onethread-demo');
  await office.getByRole('button', { name: 'Đăng nhập' }).click();
  await expectText(office.getByRole('region', { name: 'Cuộc trò chuyện' }), 'Đang chờ');
  assert.equal(await office.evaluate(() => document.documentElement.lang), 'vi');
  await office.goto(`${gateway.console}/account`);
  const saved = office.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok());
  await office.getByRole('button', { name: 'English' }).click();
  await saved;
  await office.reload();
  await office.getByRole('heading', { name: 'My account' }).waitFor();
  await assertAccessible(office, 'my account');
});
