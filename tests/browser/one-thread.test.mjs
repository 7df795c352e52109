// The product in one story: Zalo, Telegram, the bot, a person, one thread.

import assert from 'node:assert/strict';
import { assertAccessible, PHONE, picture } from './kit/browser.mjs';
import { Desk, signIn } from './kit/console.mjs';
import { expectGone, expectText, eventually } from './kit/expect.mjs';
import { openPhones, Phone } from './kit/phone.mjs';
import { story } from './kit/story.mjs';

/** Other people of a usual morning. */
async function othersWrite(street) {
  const discord = new Phone(street, 'Discord');
  const messenger = new Phone(street, 'Messenger');
  await discord.isGivenTo('Đặng Hoàng Nam');
  await discord.says('Hi, do you ship to Da Nang?');
  await discord.hears(/./);
  await messenger.isGivenTo('Trần Minh Quân');
  await messenger.says('phí ship về Đà Nẵng bao nhiêu ạ?');
  await messenger.hears(/./);
  await messenger.isGivenTo('Phạm Gia Bảo');
  await messenger.says('áo giao bị rách rồi shop ơi, làm ăn kiểu gì vậy');
  await messenger.hears(/./);
}

story('a customer asks on two channels and an agent answers in one thread', async ({ gateway, person }) => {
  const street = await person();
  await openPhones(street, gateway);
  const zalo = new Phone(street, 'Zalo');
  const telegram = new Phone(street, 'Telegram');
  await telegram.isGivenTo('Lan Nguyễn');
  await othersWrite(street);

  // The bot alone.
  await zalo.says('đơn DH1024 của em tới đâu rồi ạ');
  await zalo.hears(/4 số cuối/);
  await zalo.says('5678');
  await zalo.hears('DH1024');
  await zalo.hears('GYN4K8LA');
  await telegram.says('Shop ơi em là Lan, em vừa hỏi đơn DH1024 bên Zalo');
  await telegram.hears(/./);
  await telegram.says('cho em gặp nhân viên với ạ');
  await telegram.hears(/nhân viên/);
  await assertAccessible(street, 'the phones page');

  // An agent sees it without reloading, and takes it.
  const office = await person();
  await signIn(office, gateway, 'mai@demo.shop');
  const desk = new Desk(office);
  await desk.thread('Lan Nguyễn').waitFor();
  await picture(office, 'desk-waiting');
  await desk.view('All');
  await desk.open('Lan Nguyễn');
  await office.getByRole('button', { name: 'Take', exact: true }).click();
  await expectText(office.getByRole('main'), 'You hold this thread');

  // The same person twice: made one, and one thread.
  await desk.panel.getByRole('button', { name: 'Merge with another customer' }).click();
  const dialog = office.getByRole('dialog', { name: 'Same person?' });
  await dialog.getByRole('searchbox').fill('Nguyễn Thị Lan');
  await dialog.getByRole('button', { name: /Nguyễn Thị Lan/ }).click();
  await expectText(dialog, 'What will happen');
  await assertAccessible(office, 'the merge dialog');
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click();
  await expectText(desk.panel, /Merged with Nguyễn Thị Lan/);
  await expectText(desk.messages.filter({ hasText: 'đơn DH1024 của em tới đâu rồi ạ' }), 'Zalo');
  await expectText(desk.messages.filter({ hasText: 'cho em gặp nhân viên với ạ' }), /./);
  const said = await desk.said();
  const seqs = said.map((message) => message.seq);
  assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b), 'the thread is in its order');
  assert.deepEqual(new Set(said.filter((message) => message.channel).map((message) => message.channel)), new Set(['zalo', 'telegram']));
  const question = said.findIndex((message) => message.text === 'đơn DH1024 của em tới đâu rồi ạ');
  const wish = said.findIndex((message) => message.text === 'cho em gặp nhân viên với ạ');
  assert.ok(question >= 0 && question < wish, 'what was said first stands first');

  // Answered on each channel, and a note that stays inside.
  await desk.notes('Khách quen, đã mua 3 lần. Báo GHN ưu tiên giao trước 17h.');
  await desk.answers('Dạ chị Lan, em là Mai. Em thấy đơn DH1024 đang trên đường giao rồi ạ.', 'Telegram');
  await telegram.hears('em là Mai');
  await desk.isDelivered('em là Mai');
  await telegram.says('Dạ em cảm ơn, em đợi shipper bên Zalo nhé');
  await desk.message('em đợi shipper bên Zalo nhé').waitFor();
  await desk.answers('Shipper sẽ gọi chị trước khi đến, khoảng 16h–17h ạ.', 'Zalo');
  await zalo.hears('khoảng 16h–17h');
  await zalo.says('ok shop, mình đợi nhé');
  await desk.message('ok shop, mình đợi nhé').waitFor();
  await desk.isDelivered('khoảng 16h–17h');
  assert.equal(await street.getByText('Khách quen').count(), 0, 'a private note is on no phone');
  await expectText(desk.message('Khách quen'), 'Only agents see this');

  await expectGone(desk.thread('Lan Nguyễn').getByText(/ unread$/), 'the mark of a thread that is being read');
  await expectGone(desk.list.getByRole('link', { name: /^Mine.*unread/ }), 'the dot of unread threads of mine');
  await assertAccessible(office, 'the thread');
  await picture(office, 'desk-thread');
  await office.setViewportSize(PHONE);
  await eventually(() => office.getByRole('button', { name: 'To the newest' }).count(), (count) => count === 0, 'the reader stays at the newest message');
  await desk.message('ok shop, mình đợi nhé').waitFor();
  await assertAccessible(office, 'the thread on a phone');
  await picture(office, 'desk-phone');
  await office.setViewportSize({ width: 1366, height: 768 });
  await picture(street, 'phones');

  // Done: the bot speaks again.
  await office.getByRole('button', { name: 'Resolve', exact: true }).click();
  await expectText(office.getByRole('main'), 'The bot answers');
  await zalo.says('phí ship về Đà Nẵng bao nhiêu ạ?');
  await zalo.hears(/phí|đ/i);
  await eventually(async () => (await desk.said()).at(-1), (last) => last.author.kind === 'bot', 'the bot did not answer after the resolve');
  await expectGone(office.getByRole('button', { name: 'Resolve', exact: true }), 'the resolve button');
});
