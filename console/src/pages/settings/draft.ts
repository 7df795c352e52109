// Settings as they are typed, and back. Pure.

import type { OpeningHours, Settings } from '../../api/types';
import { fromLines, toLines } from '../lines';

/** What an external source can tell about an order. */
export const POINTERS = ['code', 'status', 'phone', 'customer_name', 'carrier', 'tracking_code', 'tracking_url', 'expected_at', 'total', 'address', 'items'] as const;

export interface SettingsDraft {
  shop_name: string;
  timezone: string;
  bot_enabled: boolean;
  opening_hours: OpeningHours[];
  patterns: string;
  example: string;
  source: boolean;
  url_template: string;
  header_name: string;
  header_secret: string;
  fresh_minutes: number;
  pointers: Record<string, string>;
}

export function toDraft(settings: Settings): SettingsDraft {
  const source = settings.order_source;
  const known = { ...Object.fromEntries(POINTERS.map((name) => [name, ''])), ...source?.pointers };
  return {
    shop_name: settings.shop_name,
    timezone: settings.timezone,
    bot_enabled: settings.bot_enabled,
    opening_hours: settings.opening_hours.map((hours) => ({ ...hours, days: [...hours.days] })),
    patterns: toLines(settings.order_code_patterns),
    example: settings.order_code_example ?? '',
    source: source !== null,
    url_template: source?.url_template ?? '',
    header_name: source?.header_name ?? '',
    header_secret: '',
    fresh_minutes: source?.fresh_minutes ?? 5,
    pointers: known,
  };
}

export function fromDraft(draft: SettingsDraft): Settings {
  return {
    shop_name: draft.shop_name.trim(),
    timezone: draft.timezone,
    bot_enabled: draft.bot_enabled,
    opening_hours: draft.opening_hours.filter((hours) => hours.days.length > 0),
    order_code_patterns: fromLines(draft.patterns),
    order_code_example: draft.example.trim() || null,
    order_source: draft.source
      ? {
          url_template: draft.url_template.trim(),
          header_name: draft.header_name.trim() || null,
          // Left out, the gateway keeps the key it has.
          ...(draft.header_secret ? { header_secret: draft.header_secret } : {}),
          fresh_minutes: draft.fresh_minutes,
          pointers: Object.fromEntries(Object.entries(draft.pointers).filter(([, pointer]) => pointer.trim())),
        }
      : null,
  };
}
