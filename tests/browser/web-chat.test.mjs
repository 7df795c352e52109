// The web chat on the shop's page: asked, answered, reloaded, cut off and back.

import assert from 'node:assert/strict';
import { assertAccessible, picture } from './kit/browser.mjs';
import { Desk, signIn } from './kit/console.mjs';
import { eventually, expectGone } from './kit/expect.mjs';
import { openPhones, Phone } from './kit/phone.mjs';
import { story } from './kit/story.mjs';
import { Widget } from './kit/widget.mjs';

/** A red square of one pixel. */
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==', 'base64');
const HOSTILE = '<img src=x onerror="window.hurt=1"><script>window.hurt=2</script><b>đậm</b> javascript:alert(1)';

story('a visitor asks, presses, sends a picture, and has it all again after a reload', async ({ gateway, person }) => {
  const page = await person();
  const widget = new Widget(page);
  await widget.visit(gateway);
  await widget.open();
  await widget.says('phí ship về Đà Nẵng bao nhiêu ạ?');
  await widget.hears(/phí/i);
  await widget.says('đơn DH1024 của em tới đâu rồi ạ');
  await widget.hears(/4 số cuối/);
  await widget.says('5678');
  await widget.hears('GYN4K8LA');
  await assertAccessible(page, 'the shop with the open chat');
  await picture(page, 'web-chat');

  await page.locator('input[type=file]').setInputFiles({ name: 'hong.png', mimeType: 'image/png', buffer: PIXEL });
  await widget.log.getByRole('img', { name: 'hong.png' }).waitFor();
  await eventually(() => widget.log.locator('[data-from=customer][data-state=sent]').count(), (count) => count === 4, 'the picture was not sent');

  const before = await eventually(() => widget.transcript(), (rows) => rows.filter((row) => row.endsWith('customer')).length === 4, 'four messages of the visitor');
  await page.reload();
  await widget.open();
  await widget.log.getByRole('img', { name: 'hong.png' }).waitFor();
  const after = await eventually(() => widget.transcript(), (rows) => rows.length >= before.length, 'the history came back');
  assert.deepEqual(after.slice(0, before.length), before, 'nothing was lost or doubled by the reload');
  assert.ok(await widget.log.getByRole('img', { name: 'hong.png' }).evaluate((image) => image.complete && image.naturalWidth > 0), 'the picture can be seen');

  await widget.presses('Gặp nhân viên');
  await widget.hears(/nhân viên/);
});

story('a visitor and an agent talk through a restart of the gateway', async ({ gateway, person }) => {
  const shop = await person();
  const widget = new Widget(shop);
  await widget.visit(gateway);
  await widget.open();
  await widget.says('cho em gặp nhân viên với ạ');
  await widget.hears(/nhân viên/);

  const office = await person();
  await signIn(office, gateway, 'mai@demo.shop');
  const desk = new Desk(office);
  await office.getByRole('region', { name: 'Threads' }).getByText('cho em gặp nhân viên').or(desk.list.getByRole('link').filter({ hasText: 'asked for a person' })).first().click();
  await desk.messages.first().waitFor();
  await office.getByRole('button', { name: 'Take', exact: true }).click();
  await office.getByRole('button', { name: 'Resolve', exact: true }).waitFor();

  // Each sees the other type.
  await desk.reply.pressSequentially('Dạ em chào', { delay: 20 });
  await widget.log.getByRole('status', { name: 'Đang soạn tin…' }).waitFor();
  await desk.reply.fill('');
  await desk.answers('Dạ em chào anh/chị, em là Mai ạ.');
  await widget.hears('em là Mai', 'agent');
  await expectGone(widget.log.getByRole('status', { name: 'Đang soạn tin…' }), 'the typing dots');

  shop.outage = office.outage = true;
  await gateway.down();
  await widget.panel.getByRole('status').filter({ hasText: 'Mất kết nối' }).waitFor();
  await widget.input.fill('em gửi lúc mất mạng');
  await widget.input.press('Enter');
  await gateway.up();
  await eventually(() => widget.own('em gửi lúc mất mạng').getAttribute('data-state'), (state) => state === 'sent', 'the message left after the restart', 40_000);
  await expectGone(widget.panel.getByRole('status').filter({ hasText: 'Mất kết nối' }), 'the offline line');
  await desk.message('em gửi lúc mất mạng').waitFor({ timeout: 40_000 });
  await desk.answers('Em nhận được rồi ạ.');
  await widget.hears('Em nhận được rồi ạ.', 'agent');
  const rows = await widget.transcript();
  assert.equal(new Set(rows).size, rows.length, 'nothing stands twice');
  assert.equal(rows.filter((row) => row.endsWith('customer')).length, 2);
});

story('hostile words stay words in the widget, the console and on the phones', async ({ gateway, person }) => {
  const shop = await person();
  const widget = new Widget(shop);
  await widget.visit(gateway);
  await widget.open();
  await widget.says(HOSTILE);
  const street = await person();
  await openPhones(street, gateway);
  const discord = new Phone(street, 'Discord');
  await discord.says(HOSTILE);
  await discord.says('cho em gặp nhân viên với ạ');

  const office = await person();
  await signIn(office, gateway, 'mai@demo.shop');
  const desk = new Desk(office);
  await desk.view('All');
  await desk.open('Nguyễn Thị Lan');
  await desk.message('<img src=x').waitFor();
  await desk.answers(`Shop trả lời: ${HOSTILE}`);
  await discord.hears('Shop trả lời: <img src=x');
  await desk.list.getByText('Shop trả lời: <img src=x').waitFor();

  const shown = [[shop, widget.own('<img src=x')], [street, discord.screen.getByText(HOSTILE, { exact: true })], [office, desk.message('<script>')]];
  for (const [page, message] of shown) {
    assert.ok((await message.first().innerText()).includes('<script>window.hurt=2</script><b>đậm</b>'), 'the words stand as they were written');
    assert.equal(await page.evaluate(() => globalThis.hurt), undefined, 'nothing of it ran');
    assert.equal(await page.locator('img[src="x"]').count(), 0, 'nothing of it became an element');
  }
});
