// Bad days: what the platform refuses, and a gateway that is gone for a while.

import assert from 'node:assert/strict';
import { assertAccessible, picture } from './kit/browser.mjs';
import { Desk, isLive, signIn } from './kit/console.mjs';
import { eventually, expectText } from './kit/expect.mjs';
import { openPhones, Phone } from './kit/phone.mjs';
import { story } from './kit/story.mjs';
import { Widget } from './kit/widget.mjs';

/** A customer who asked for a person, and an agent who holds the thread. */
async function heldThread({ gateway, person }, name = 'Telegram') {
  const street = await person();
  await openPhones(street, gateway);
  const phone = new Phone(street, name);
  await phone.says('cho em gặp nhân viên với ạ');
  await phone.hears(/nhân viên/);
  const office = await person();
  await signIn(office, gateway, 'mai@demo.shop');
  const desk = new Desk(office);
  await desk.open('Nguyễn Thị Lan');
  await office.getByRole('button', { name: 'Take', exact: true }).click();
  await office.getByRole('button', { name: 'Resolve', exact: true }).waitFor();
  return { street, phone, office, desk };
}

story('a refused message says why, and Retry really sends it', async (stage) => {
  const { street, phone, office, desk } = await heldThread(stage);
  await phone.weather('until:blocked');
  await desk.answers('Dạ em kiểm tra rồi báo lại mình ngay ạ.');
  await desk.isDelivered('Dạ em kiểm tra', ['failed']);
  await expectText(desk.message('Dạ em kiểm tra'), 'The customer has blocked this inbox.');
  assert.equal(await phone.screen.getByText('Dạ em kiểm tra').count(), 0, 'nothing reached the phone');
  await assertAccessible(office, 'a failed message');
  await picture(office, 'desk-failed');

  // Retried in the same weather it fails again; in better weather it arrives, once.
  const retry = desk.message('Dạ em kiểm tra').getByRole('button', { name: 'Retry' });
  const answered = office.waitForResponse((answer) => answer.url().endsWith('/retry'));
  await retry.click();
  await answered;
  await desk.isDelivered('Dạ em kiểm tra', ['failed']);
  await phone.weather('');
  await retry.click();
  await phone.hears('Dạ em kiểm tra rồi báo lại mình ngay ạ.');
  await desk.isDelivered('Dạ em kiểm tra');
  assert.equal(await street.getByRole('region', { name: 'Telegram' }).getByText('Dạ em kiểm tra').count(), 1, 'it arrived once');
  assert.equal(await desk.messages.filter({ hasText: 'Dạ em kiểm tra' }).count(), 1, 'it stands once in the thread');
});

story('the console survives a gateway that is gone, and misses nothing', async ({ gateway, person }) => {
  const shop = await person();
  const visitor = new Widget(shop);
  await visitor.visit(gateway);
  await visitor.open();
  await visitor.says('cho em gặp nhân viên với ạ');
  await visitor.hears(/nhân viên/);
  const office = await person();
  await signIn(office, gateway, 'mai@demo.shop');
  const desk = new Desk(office);
  await desk.thread('asked for a person').click();
  await office.getByRole('button', { name: 'Take', exact: true }).click();
  await desk.answers('Dạ em nghe ạ.');
  await visitor.hears('Dạ em nghe ạ.', 'agent');
  await desk.reply.fill('Bản nháp chưa gửi');

  // Gone: the console says so, and what is written meanwhile waits with its writer.
  shop.outage = office.outage = true;
  await gateway.down();
  await expectText(office.getByRole('alert'), 'No connection');
  await assertAccessible(office, 'the desk without a gateway');
  const missed = ['một', 'hai', 'ba'].map((number) => `tin thứ ${number} lúc mất mạng`);
  for (const text of missed) await visitor.says(text);

  await gateway.up();
  await desk.message(missed[2]).waitFor({ timeout: 40_000 });
  await isLive(office);
  assert.equal(await desk.reply.inputValue(), 'Bản nháp chưa gửi', 'the draft is still there');
  const stored = (await desk.said()).filter((message) => message.author.kind !== 'system').map((message) => message.text);
  assert.deepEqual(stored.slice(-3), missed, 'the words came in the order they were written');
  const shown = await eventually(
    () => desk.messages.evaluateAll((rows) => rows.map((row) => row.textContent)),
    (rows) => rows.length === stored.length,
    `the thread shows ${stored.length} messages`,
  );
  stored.forEach((text, at) => assert.ok(shown[at].includes(text.split('\n')[0]), `message ${at} is “${text}”`));
  await desk.reply.press('Enter');
  await visitor.hears('Bản nháp chưa gửi', 'agent');

  // A draft also lives through a reload.
  await desk.reply.fill('nháp thứ hai');
  await office.reload();
  await desk.messages.first().waitFor();
  assert.equal(await desk.reply.inputValue(), 'nháp thứ hai');
});

story('a browser without network says so and comes back by itself', async (stage) => {
  const { office, desk, phone } = await heldThread(stage, 'Messenger');
  office.outage = true;
  await office.context().setOffline(true);
  await expectText(office.getByRole('alert'), 'No connection');
  await desk.reply.fill('gửi lúc mất mạng');
  await desk.reply.press('Enter');
  await expectText(desk.message('gửi lúc mất mạng'), 'Not sent yet');
  await phone.says('chị ơi');
  await office.context().setOffline(false);
  await isLive(office);
  await desk.message('chị ơi').waitFor();
  await desk.message('gửi lúc mất mạng').getByRole('button', { name: 'Try again' }).click();
  await phone.hears('gửi lúc mất mạng');
  assert.equal(await desk.messages.filter({ hasText: 'gửi lúc mất mạng' }).count(), 1, 'it stands once');
});
