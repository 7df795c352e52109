// The web chat on the demo shop's page, used by a visitor.

import { expectText } from './expect.mjs';

export class Widget {
  constructor(page) {
    this.page = page;
    this.panel = page.getByRole('dialog', { name: 'Chat với shop' });
    this.log = this.panel.getByRole('log');
    this.input = this.panel.getByRole('textbox', { name: 'Nhập tin nhắn…' });
  }

  async visit(gateway) {
    await this.page.goto(`${gateway.phones}/shop`);
  }

  async open() {
    await this.page.getByRole('button', { name: /Mở khung chat/ }).click();
    await this.panel.waitFor();
  }

  async says(text) {
    await this.input.fill(text);
    await this.input.press('Enter');
    await this.own(text).waitFor();
  }

  /** One of the visitor's own messages that the gateway has. */
  own(text) {
    return this.log.locator('[data-from=customer]').filter({ hasText: text }).last();
  }

  async hears(text, from = 'bot') {
    await this.log.locator(`[data-from=${from}]`).filter({ hasText: text }).last().waitFor();
  }

  async presses(label) {
    await this.log.getByRole('button', { name: label }).last().click();
  }

  /** Every message as it stands, by its own id: to compare before and after. */
  async transcript() {
    return this.log.locator('[data-id]').evaluateAll((rows) => rows.map((row) => `${row.dataset.id} ${row.dataset.from}`));
  }

  async isConnected() {
    await expectText(this.panel, /^(?!.*Mất kết nối)/s);
  }
}
