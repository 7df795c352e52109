// The pages beside the desk: inboxes, answers, orders, agents, canned replies, settings.

import assert from 'node:assert/strict';
import { assertAccessible, picture } from './kit/browser.mjs';
import { signIn } from './kit/console.mjs';
import { expectGone, expectText } from './kit/expect.mjs';
import { openPhones, Phone } from './kit/phone.mjs';
import { story } from './kit/story.mjs';
import { Widget } from './kit/widget.mjs';

async function adminAt({ gateway, person }, place) {
  const office = await person();
  await signIn(office, gateway, 'admin@demo.shop');
  await visit(office, place);
  return office;
}

/** By the navigation, as an admin goes. */
async function visit(office, place) {
  await office.getByRole('navigation', { name: 'Main' }).first().getByRole('link', { name: place, exact: true }).click();
  await office.getByRole('heading', { level: 1, name: place }).waitFor();
}

const toast = (office, text) => office.getByRole('status').filter({ hasText: text }).waitFor();

story('an inbox is refused with the field named, then connected', async (stage) => {
  const office = await adminAt(stage, 'Inboxes');
  await expectText(office.getByRole('main'), 'Healthy');
  await assertAccessible(office, 'the inboxes');
  await picture(office, 'inboxes');
  await office.getByRole('button', { name: 'Connect an inbox' }).click();
  const picker = office.getByRole('dialog', { name: 'Which channel?' });
  await picker.getByRole('button', { name: /^Telegram/ }).click();
  const form = office.getByRole('dialog', { name: 'Telegram' });
  await assertAccessible(office, 'the form of an inbox');
  office.refused = true;
  await form.getByLabel('Name in the desk').fill('Bot thứ hai');
  await form.getByRole('button', { name: 'Connect an inbox' }).click();
  await form.locator('[aria-invalid=true]').first().waitFor();
  assert.match(await form.locator('[aria-invalid=true]').first().evaluate((field) => field.labels[0].innerText), /token/i, 'the field is named');
  await assertAccessible(office, 'a form with errors');
  await form.getByRole('button', { name: 'Cancel' }).click();

  // The web chat needs nobody else: its settings can be right here and now.
  await office.getByRole('button', { name: 'Connect an inbox' }).click();
  await picker.getByRole('button', { name: /^Web chat/i }).click();
  const chat = office.getByRole('dialog', { name: /web chat/i });
  await chat.getByLabel('Name in the desk').fill('Trang bán sỉ');
  const origins = chat.locator('textarea').first();
  await origins.fill('không phải địa chỉ');
  await chat.getByRole('button', { name: 'Connect an inbox' }).click();
  await chat.locator('textarea[aria-invalid=true]').waitFor();
  await origins.fill(stage.gateway.phones);
  await chat.getByRole('button', { name: 'Connect an inbox' }).click();
  await toast(office, 'Inbox connected.');
  await office.getByRole('heading', { name: 'Trang bán sỉ' }).waitFor();
});

story('an edited answer is what the bot says next', async (stage) => {
  const office = await adminAt(stage, 'FAQ answers');
  const shop = await stage.person();
  const widget = new Widget(shop);
  await widget.visit(stage.gateway);
  await widget.open();
  await widget.says('shop có địa chỉ ở đâu ạ');
  await widget.hears(/./);
  await assertAccessible(office, 'the answers');
  await picture(office, 'answers');
  await office.getByRole('link', { name: /^Địa chỉ cửa hàng/ }).click();
  await office.getByRole('heading', { level: 1, name: 'Địa chỉ cửa hàng' }).waitFor();
  await assertAccessible(office, 'the form of an answer');
  await office.getByLabel('Answer', { exact: true }).first().fill('Dạ shop mới chuyển về 12 Lý Quốc Sư, Hà Nội ạ.');
  await office.getByRole('button', { name: 'Save' }).click();
  await toast(office, 'Saved');
  await widget.says('cho em hỏi địa chỉ shop ở đâu vậy ạ');
  await widget.hears('12 Lý Quốc Sư');

  const trial = office.getByRole('textbox', { name: /Type what a customer might write/ });
  await trial.fill('địa chỉ shop ở đâu');
  await office.getByRole('button', { name: 'Try', exact: true }).click();
  await expectText(office.getByRole('main'), /Địa chỉ cửa hàng[\s\S]*What is wanted/);
  await assertAccessible(office, 'a tried question');
});

story('an order is edited and a file imported, each bad line with its reason', async (stage) => {
  const office = await adminAt(stage, 'Orders');
  await office.getByRole('button', { name: 'DH1028' }).waitFor();
  await assertAccessible(office, 'the orders');
  await picture(office, 'orders');
  await office.getByRole('button', { name: 'DH1028' }).click();
  const form = office.getByRole('dialog', { name: 'DH1028' });
  await assertAccessible(office, 'the form of an order');
  await form.getByLabel('State').selectOption({ label: 'In transit' });
  await form.getByLabel('Tracking code').fill('GHTK-778899');
  await form.getByRole('button', { name: 'Save' }).click();
  await toast(office, 'Saved');
  await expectText(office.getByRole('row').filter({ hasText: 'DH1028' }), 'In transit');

  // What was saved is what the bot tells.
  const street = await stage.person();
  await openPhones(street, stage.gateway);
  const phone = new Phone(street, 'Discord');
  await phone.says('đơn DH1028 của em tới đâu rồi ạ');
  await phone.hears(/4 số cuối/);
  await phone.says('7719');
  await phone.hears('GHTK-778899');

  await office.getByRole('button', { name: 'Import' }).click();
  const dialog = office.getByRole('dialog', { name: 'Import orders' });
  const csv = 'code,status,phone,customer_name,total\nDH9001,placed,0912345678,Vũ Thị Hoa,350000\nDH9002,lost_in_space,0912345679,Ai Đó,1\n,placed,0912345670,Không Mã,1\n';
  await dialog.locator('input[type=file]').setInputFiles({ name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expectText(dialog, '1 new, 0 updated');
  await expectText(dialog, '2 lines were not taken');
  const lines = await dialog.getByRole('row').evaluateAll((rows) => rows.slice(1).map((row) => row.cells[0].innerText));
  assert.deepEqual(lines, ['3', '4'], 'each bad line is named by its number');
  await expectText(dialog, /lost_in_space/);
  await assertAccessible(office, 'the import with its report');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await office.getByRole('button', { name: 'DH9001' }).waitFor();
});

story('a new agent signs in and uses a new canned reply, and may not do what is not theirs', async (stage) => {
  const office = await adminAt(stage, 'Agents');
  await assertAccessible(office, 'the agents');
  await office.getByRole('button', { name: 'New agent' }).click();
  const form = office.getByRole('dialog', { name: 'New agent' });
  await form.getByLabel('Name').fill('Thu Trang');
  await form.getByLabel('E-mail').fill('trang@demo.shop');
  await form.getByLabel('First password').fill('onethread-demo');
  await form.getByRole('button', { name: 'Save' }).click();
  await office.getByRole('button', { name: /Thu Trang/ }).waitFor();
  await visit(office, 'Canned replies');
  await assertAccessible(office, 'the canned replies');
  await office.getByRole('button', { name: 'New canned reply' }).click();
  const reply = office.getByRole('dialog', { name: 'New canned reply' });
  await reply.getByLabel('Shortcut').fill('stk');
  await reply.getByLabel('Text').fill('Dạ {shop} gửi {customer} số tài khoản ạ. {agent}');
  await reply.getByRole('button', { name: 'Save' }).click();
  await toast(office, 'Saved');
  await visit(office, 'Settings');
  await assertAccessible(office, 'the settings');

  const street = await stage.person();
  await openPhones(street, stage.gateway);
  const phone = new Phone(street, 'Zalo');
  await phone.says('cho em gặp nhân viên với ạ');
  await phone.hears(/nhân viên/);
  const trang = await stage.person();
  await signIn(trang, stage.gateway, 'trang@demo.shop');
  await trang.getByRole('link').filter({ hasText: 'Nguyễn Thị Lan' }).first().click();
  const box = trang.getByRole('textbox', { name: 'Reply' });
  await box.pressSequentially('/stk');
  await trang.getByRole('option').filter({ hasText: '/stk' }).click();
  await trang.getByRole('button', { name: 'Send', exact: true }).click();
  await phone.hears(/gửi Nguyễn Thị Lan số tài khoản ạ\. Thu Trang/);
  await expectGone(trang.getByRole('navigation', { name: 'Main' }).first().getByRole('link', { name: 'Inboxes' }), 'the inboxes in an agent’s navigation');
});

story('the page of the API shows its operations, and the console needs no loose styles', async (stage) => {
  const reader = await stage.person();
  const page = await reader.goto(`${stage.gateway.console}/api/docs/`);
  assert.match(page.headers()['content-security-policy'], /script-src 'self';/);
  await reader.locator('.opblock').first().waitFor();
  const office = await adminAt(stage, 'Inboxes');
  const policy = (await office.request.get(stage.gateway.console)).headers()['content-security-policy'];
  assert.ok(!policy.includes('unsafe'), policy);
  const seen = await office.locator('header .icon, main .icon').first().evaluate((icon) => getComputedStyle(icon).getPropertyValue('--tint'));
  assert.match(seen.trim(), /^#[0-9a-f]{6}$/i, 'a channel has its own colour, set without an inline style');
});
