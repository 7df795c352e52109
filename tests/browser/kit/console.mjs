// The agents' console, used by its roles and labels, as an agent does.

import { eventually } from './expect.mjs';

const PASSWORD = 'onethread-demo';

/** Through the door; the demo's agents read Vietnamese, the stories are told in English. */
export async function signIn(page, gateway, email, language = 'English') {
  await page.goto(gateway.console);
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('textbox', { name: /Password|Mật khẩu/ }).fill(PASSWORD);
  await page.getByRole('button', { name: /^(Sign in|Đăng nhập)$/ }).click();
  await page.getByRole('navigation').first().waitFor();
  if (language !== 'English') return;
  await page.goto(`${gateway.console}/account`);
  const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok());
  await page.getByRole('button', { name: 'English' }).click();
  await saved;
  await page.goto(`${gateway.console}/desk/waiting`);
  await isLive(page);
}

export async function isLive(page) {
  await page.getByRole('status').filter({ hasText: 'Live' }).first().waitFor();
}

export class Desk {
  constructor(page) {
    this.page = page;
    this.list = page.getByRole('region', { name: 'Threads' });
    this.log = page.getByRole('log', { name: 'Messages' });
    this.messages = this.log.getByRole('article');
    this.box = page.getByRole('group', { name: 'Reply' }).first();
    this.reply = this.box.getByRole('textbox');
    this.panel = page.getByRole('complementary', { name: 'Customer' });
  }

  async view(name) {
    await this.list.getByRole('link', { name: new RegExp(`^${name}`) }).first().click();
  }

  thread(name) {
    return this.list.getByRole('link').filter({ hasText: name }).first();
  }

  async open(name) {
    await this.thread(name).click();
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
    await this.messages.first().waitFor();
  }

  /** The agent's own words at the reply box, sent on a channel or the one that is chosen. */
  async answers(text, channel) {
    if (channel) await this.box.getByRole('radio', { name: new RegExp(channel) }).first().click();
    await this.reply.fill(text);
    await this.box.getByRole('button', { name: 'Send', exact: true }).click();
    await this.messages.filter({ hasText: text }).first().waitFor();
  }

  async notes(text) {
    await this.box.getByRole('button', { name: 'Note' }).click();
    await this.reply.fill(text);
    await this.box.getByRole('button', { name: 'Save note' }).click();
    await this.messages.filter({ hasText: text }).first().waitFor();
    await this.box.getByRole('button', { name: 'Reply', exact: true }).click();
  }

  message(text) {
    return this.messages.filter({ hasText: text }).last();
  }

  /** The delivery of this message has come so far. */
  async isDelivered(text, states = ['sent', 'delivered', 'read']) {
    const words = { sent: 'Sent', delivered: 'Delivered', read: 'Read', failed: 'Not sent' };
    const wanted = new RegExp(states.map((state) => words[state]).join('|'));
    await eventually(() => this.message(text).innerText(), (seen) => wanted.test(seen.slice(seen.indexOf(text) + text.length)), `“${text}” was not ${states}`);
  }

  /** Everything said in the thread, from the first word on. */
  async said(page = this.page) {
    const id = page.url().split('/').pop().split('?')[0];
    return page.evaluate(async (thread) => (await (await fetch(`/api/v1/threads/${thread}/messages?limit=200`)).json()).items, id);
  }
}
