// One simulated phone of the phones page, held by a customer.

import { expectText } from './expect.mjs';

/** The phones page, in English; it remembers its language. */
export async function openPhones(page, gateway) {
  await page.goto(gateway.phones);
  await page.getByRole('button', { name: /^(English|Tiếng Việt)$/ }).waitFor();
  const other = page.getByRole('button', { name: 'English', exact: true });
  if (await other.count()) await other.click();
  await page.getByRole('status').filter({ hasText: 'live' }).first().waitFor();
}

export class Phone {
  constructor(page, name) {
    this.name = name;
    this.card = page.getByRole('region', { name });
    this.page = page;
    this.screen = this.card.getByRole('log');
    this.input = this.card.getByRole('textbox');
  }

  /** Somebody new picks up this phone. */
  async isGivenTo(name) {
    await this.card.getByLabel('Customer').selectOption({ label: '+ New customer' });
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('textbox').fill(name);
    await dialog.getByRole('button', { name: 'Add' }).click();
    await expectText(this.card.getByLabel('Customer').locator('option:checked'), name);
  }

  async says(text) {
    await this.input.fill(text);
    await this.input.press('Enter');
    await this.screen.getByText(text, { exact: true }).last().waitFor();
  }

  async hears(text) {
    await this.screen.locator('[data-from=business]').filter({ hasText: text }).last().waitFor();
  }

  async presses(label) {
    await this.screen.getByRole('button', { name: label }).last().click();
  }

  async weather(label) {
    await this.card.getByLabel('Trouble').selectOption(label);
  }
}
