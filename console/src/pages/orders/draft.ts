// An order as it is typed in a form, and back. Pure.

import type { Order, OrderItem } from '../../api/types';

export interface OrderForm extends Omit<Order, 'expected_at' | 'updated_at' | 'phone' | 'customer_name' | 'carrier' | 'tracking_code' | 'tracking_url' | 'address'> {
  phone: string;
  customer_name: string;
  carrier: string;
  tracking_code: string;
  tracking_url: string;
  address: string;
  expected: string;
}

export function toForm(order: Order | null): OrderForm {
  return {
    code: order?.code ?? '',
    status: order?.status ?? 'placed',
    phone: order?.phone ?? '',
    customer_name: order?.customer_name ?? '',
    carrier: order?.carrier ?? '',
    tracking_code: order?.tracking_code ?? '',
    tracking_url: order?.tracking_url ?? '',
    address: order?.address ?? '',
    expected: order?.expected_at ? day(order.expected_at) : '',
    currency: order?.currency ?? 'VND',
    total: order?.total ?? 0,
    items: order?.items.map((item) => ({ ...item })) ?? [],
  };
}

export function fromForm(form: OrderForm, now: number): Order {
  const { expected, ...rest } = form;
  const text = (value: string) => value.trim() || null;
  return {
    ...rest,
    code: form.code.trim(),
    phone: text(form.phone),
    customer_name: text(form.customer_name),
    carrier: text(form.carrier),
    tracking_code: text(form.tracking_code),
    tracking_url: text(form.tracking_url),
    address: text(form.address),
    expected_at: expected ? new Date(`${expected}T12:00:00`).getTime() : null,
    total: Number(form.total) || 0,
    items: form.items.filter((item: OrderItem) => item.name.trim()).map((item) => ({ name: item.name.trim(), quantity: Number(item.quantity) || 1, price: Number(item.price) || 0 })),
    updated_at: now,
  };
}

function day(at: number): string {
  const when = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}
