// A made-up shop with made-up channels, so that the console can be looked at
// without a gateway. Nothing here is part of the build.

import type { Agent, Answer, CannedReply, Channel, Customer, DeadLetter, Handoff, Identity, Inbox, Message, MissedGroup, Order, Phrase, Settings, Thread, Token } from '../src/api/types.ts';

export const NOW = Date.now();
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const face = (name: string, colour: string, icon: string) => ({ name, colour, icon });
const usual = {
  text_limit: 4096,
  text_unit: 'utf16' as const,
  buttons: 8,
  caption: true,
  file_limit: 50 * 1024 * 1024,
  file_types: [] as string[],
  file_limits: [] as { media: string; most: number }[],
  reply_to: true,
  ask_phone: true,
  typing: true,
  delivery_receipts: true,
  read_receipts: true,
  deduplicates: false,
  echoes_people: false,
  windows: [] as Channel['capabilities']['windows'],
};
const field = (name: string, label: string, hint: string, more: Partial<Channel['form']['fields'][number]> = {}) => ({ name, label, hint, kind: { type: 'text' as const }, required: true, secret: false, default: null, ...more });

export const channels: Channel[] = [
  {
    kind: 'pigeon',
    face: face('Pigeon', '#1f7ae0', 'M3 12.5 20.5 4 17 20l-5-4-3 3-1-5.5L3 12.5zm6.2.8.6 3 1.5-1.5 5-6.8-7.1 5.3z'),
    capabilities: usual,
    form: { fields: [field('token', 'Bot token', 'From the pigeon loft, looks like 123:ABC.', { secret: true }), field('mode', 'How messages arrive', 'Webhook needs a public address.', { kind: { type: 'choice', options: ['webhook', 'polling'] }, default: 'webhook' }), field('api_url', 'API address', 'Only for a loft of your own.', { kind: { type: 'url' }, required: false, default: 'https://api.pigeon.example' })] },
  },
  {
    kind: 'lantern',
    face: face('Lantern', '#0b57d0', 'M12 2a7 7 0 0 1 7 7c0 3.2-1.6 5-3 6.6V19H8v-3.4C6.600 14 5 12.200 5 9a7 7 0 0 1 7-7zm-3 19h6v1.500H9z'),
    capabilities: { ...usual, text_limit: 2000, reply_to: false, file_limit: 5 * 1024 * 1024, file_types: ['image/*', 'application/pdf'], windows: [{ span: 48 * HOUR, for_whom: 'anyone', note: 'eight free replies', source: 'fact sheet' }] },
    form: { fields: [field('account', 'Account id', 'Shown on the account page.'), field('access_token', 'Access token', 'Renewed by itself.', { secret: true })] },
  },
  {
    kind: 'bamboo',
    face: face('Bamboo', '#7a3fe0', 'M4 4h16v12H9l-5 4V4zm4 5v2h2V9H8zm5 0v2h3V9h-3z'),
    capabilities: { ...usual, text_limit: 2000, deduplicates: true, read_receipts: false },
    form: { fields: [field('token', 'Token', 'From the developer page.', { secret: true })] },
  },
  {
    kind: 'harbour',
    face: face('Harbour', '#0866a8', 'M12 2C6.500 2 2 6 2 11.200c0 2.800 1.300 5.200 3.400 6.900V22l3.200-1.800c1 .3 2.200.5 3.400.5 5.500 0 10-4 10-9.300S17.500 2 12 2zm1 12.400-2.500-2.700-5 2.700 5.500-5.800 2.600 2.700 4.900-2.700-5.500 5.800z'),
    capabilities: { ...usual, windows: [{ span: 24 * HOUR, for_whom: 'anyone', note: '', source: 'fact sheet' }, { span: 7 * DAY, for_whom: 'people_only', note: 'people only', source: 'fact sheet' }], echoes_people: true },
    form: { fields: [field('page', 'Page id', 'A number.'), field('page_token', 'Page token', 'From the app.', { secret: true }), field('app_secret', 'App secret', 'Signs the calls.', { secret: true })] },
  },
  {
    kind: 'doorbell',
    face: face('Site chat', '#0f766e', 'M12 3a9 9 0 0 0-9 9c0 1.600.4 3.100 1.200 4.400L3 21l4.600-1.200A9 9 0 1 0 12 3zM8 13.200a1.300 1.300 0 1 1 0-2.600 1.300 1.300 0 0 1 0 2.600zm4 0a1.300 1.300 0 1 1 0-2.600 1.300 1.300 0 0 1 0 2.600zm4 0a1.300 1.300 0 1 1 0-2.600 1.300 1.300 0 0 1 0 2.600z'),
    capabilities: { ...usual, text_limit: 10_000 },
    form: { fields: [field('allowed_origins', 'Allowed sites', 'Where the widget may stand.', { kind: { type: 'list' } }), field('greeting', 'Greeting', 'The first line.', { required: false })] },
  },
];

export const agents: Agent[] = [
  { id: 'agt_mai', email: 'mai@sen.example', name: 'Nguyễn Thị Mai', role: 'admin', disabled: false, availability: 'online', open_threads: 2, created_at: NOW - 200 * DAY },
  { id: 'agt_huy', email: 'huy@sen.example', name: 'Trần Quang Huy', role: 'agent', disabled: false, availability: 'online', open_threads: 4, created_at: NOW - 120 * DAY },
  { id: 'agt_thao', email: 'thao@sen.example', name: 'Lê Phương Thảo', role: 'agent', disabled: false, availability: 'away', open_threads: 0, created_at: NOW - 40 * DAY },
  { id: 'agt_old', email: 'old@sen.example', name: 'Phạm Văn Cũ', role: 'agent', disabled: true, availability: 'away', open_threads: 0, created_at: NOW - 400 * DAY },
];
export const me = { id: 'agt_mai', name: 'Nguyễn Thị Mai' };

const health = (state: 'healthy' | 'unhealthy', reason: string, account_name: string) => ({ state, reason, since: NOW - 3 * HOUR, checked_at: NOW - 4 * MINUTE, last_heard_at: NOW - 2 * MINUTE, account_name });
export const inboxes: Inbox[] = [
  { id: 'inb_1', channel: 'pigeon', name: 'Sen Shop bot', hook_url: 'https://chat.sen.example/hooks/inb_1', pause_reason: null, settings: { mode: 'webhook' }, secrets: ['token'], state: 'active', health: health('healthy', '', '@sen_shop_bot'), created_at: NOW - 90 * DAY },
  { id: 'inb_2', channel: 'lantern', name: 'Sen Shop OA', hook_url: 'https://chat.sen.example/hooks/inb_2', pause_reason: null, settings: { account: '4211' }, secrets: ['access_token'], state: 'active', health: health('unhealthy', 'The refresh token is used up. Sign in to the account again and enter the new tokens.', 'Sen Shop'), created_at: NOW - 80 * DAY },
  { id: 'inb_3', channel: 'bamboo', name: 'Cộng đồng Sen', hook_url: '', pause_reason: 'the platform refuses the token', settings: {}, secrets: ['token'], state: 'paused', health: health('healthy', '', 'SenBot#0001'), created_at: NOW - 70 * DAY },
  { id: 'inb_4', channel: 'harbour', name: 'Sen Shop – Áo dài', hook_url: 'https://chat.sen.example/hooks/inb_4', pause_reason: null, settings: { page: '10009' }, secrets: ['page_token', 'app_secret'], state: 'active', health: health('healthy', '', 'Sen Shop'), created_at: NOW - 60 * DAY },
  { id: 'inb_5', channel: 'doorbell', name: 'sen.example', hook_url: 'https://chat.sen.example/hooks/inb_5', pause_reason: null, settings: { allowed_origins: ['https://sen.example'] }, secrets: [], state: 'active', health: { ...health('healthy', '', 'sen.example'), last_heard_at: null }, created_at: NOW - 10 * DAY },
];
export const deadLetters: DeadLetter[] = [
  { id: 'dead_1', inbox_id: 'inb_4', channel: 'harbour', received_at: NOW - 5 * HOUR, error: 'entry[0].messaging[0]: neither message nor postback', body: '{"object":"page","entry":[{"id":"10009","time":1763800000000,"messaging":[{"sender":{"id":"991"},"wobble":{"<script>":"alert(1)"}}]}]}' },
  { id: 'dead_2', inbox_id: 'inb_1', channel: 'pigeon', received_at: NOW - 2 * DAY, error: 'update_id is missing', body: '{"message":{"text":"xin chào"}}' },
];

const order = (code: string, status: Order['status'], more: Partial<Order> = {}): Order => ({ code, status, phone: '0912345678', customer_name: 'Trần Minh Anh', carrier: 'Chim Én Express', tracking_code: `CE${code.slice(2)}88`, tracking_url: `https://chimen.example/t/CE${code.slice(2)}88`, expected_at: NOW + 2 * DAY, currency: 'VND', total: 459000, items: [{ name: 'Áo dài lụa sen', quantity: 1, price: 399000 }, { name: 'Khăn tay thêu', quantity: 2, price: 30000 }], address: '12 Hàng Bạc, Hoàn Kiếm, Hà Nội', updated_at: NOW - 2 * HOUR, ...more });
export const orders: Order[] = [
  order('DH1024', 'out_for_delivery'),
  order('DH1031', 'attempt_failed', { updated_at: NOW - 26 * HOUR }),
  order('DH0988', 'delivered', { updated_at: NOW - 12 * DAY, total: 1250000 }),
  order('DH1040', 'placed', { customer_name: 'Phạm Gia Bảo', phone: '0987654321', carrier: null, tracking_code: null, tracking_url: null }),
  order('DH1041', 'picking', { customer_name: 'Hoàng Yến', phone: '0901122334', total: 89000 }),
  order('DH1042', 'in_transit', { customer_name: 'Sophie Martin', phone: '0905556677', total: 2150000 }),
  order('DH1043', 'returning', { customer_name: 'Đỗ Hữu Phước', phone: '0934567890' }),
  order('DH1044', 'returned', { customer_name: 'Bùi Lan Chi', phone: '0977001122' }),
  order('DH1045', 'stopped', { customer_name: 'Vũ Đình Nam', phone: '0966778899' }),
  ...Array.from({ length: 40 }, (_, at) => order(`DH${1100 + at}`, (['delivered', 'in_transit', 'placed'] as const)[at % 3]!, { customer_name: `Khách ${at + 1}`, updated_at: NOW - (at + 3) * DAY })),
];

export const missed: MissedGroup[] = [
  ['bên mình có nhận thêu tên lên gối không ạ', 'thêu tên lên vỏ gối được hông shop'],
  ['gửi xe ở đâu vậy shop'],
].map((texts, at) => ({
  message_ids: texts.map((_, place) => `msg_missed_${at}_${place}`),
  language: 'vi',
  newest_at: Date.now() - 3_600_000,
  examples: texts.map((text, place) => ({ message_id: `msg_missed_${at}_${place}`, thread_id: 'thr_1', text, at: Date.now() - 3_600_000, times: 1 })),
  suggestions: [{ kind: 'intent', target: 'stock', probability: 0.4 }],
}));

export const phrases: Phrase[] = [
  { id: 'phr_1', language: 'vi', kind: 'intent', target: 'promo', text: 'tháng này có ưu đãi gì hông', message_id: null, added_by: 'Nguyễn Thị Mai', added_at: Date.now() - 7_200_000, live: false },
];

export const answers: Answer[] = [
  { id: 'ans_1', title: 'Phí giao hàng', enabled: true, vi: { text: 'Dạ phí giao nội thành 20.000đ, ngoại thành 30.000đ. Đơn từ 500.000đ được miễn phí ạ.', questions: ['phí ship bao nhiêu', 'ship về Đà Nẵng mấy tiền', 'có freeship không'] }, en: { text: 'Delivery is 20,000đ within the city and 30,000đ elsewhere, free from 500,000đ.', questions: ['how much is shipping', 'delivery fee'] }, updated_at: NOW - 3 * DAY },
  { id: 'ans_2', title: 'Đổi trả', enabled: true, vi: { text: 'Dạ shop nhận đổi trả trong 7 ngày, sản phẩm còn nguyên tem mác ạ.', questions: ['đổi size được không', 'trả hàng thế nào'] }, en: { text: 'You can return within 7 days with the tags on.', questions: ['can I return it'] }, updated_at: NOW - 8 * DAY },
  { id: 'ans_3', title: 'Giờ mở cửa', enabled: true, vi: { text: 'Dạ shop mở cửa 8:00–21:30 mỗi ngày ạ.', questions: ['mấy giờ mở cửa'] }, en: { text: 'We are open 8:00–21:30 every day.', questions: ['opening hours'] }, updated_at: NOW - 30 * DAY },
  { id: 'ans_4', title: 'Bảng size', enabled: false, vi: { text: 'Dạ chị cho shop xin chiều cao, cân nặng ạ.', questions: ['tư vấn size'] }, en: { text: '', questions: [] }, updated_at: NOW - 60 * DAY },
];
export const canned: CannedReply[] = [
  { id: 'can_1', shortcut: 'chao', text: 'Dạ {shop} chào {customer}, em là {agent}, em có thể giúp gì cho mình ạ?', updated_at: NOW - DAY },
  { id: 'can_2', shortcut: 'doi-tra', text: 'Dạ mình gửi giúp em ảnh sản phẩm và mã đơn, em làm phiếu đổi ngay ạ.', updated_at: NOW - DAY },
  { id: 'can_3', shortcut: 'stk', text: 'Dạ tài khoản của {shop}: 0123456789, ngân hàng Sen, chủ tài khoản CÔNG TY SEN ạ.', updated_at: NOW - DAY },
  { id: 'can_4', shortcut: 'thanks', text: 'Thank you {customer}! Is there anything else I can help with?', updated_at: NOW - DAY },
];
export const tokens: Token[] = [{ id: 'tok_1', name: 'Đồng bộ kho', role: 'admin', created_at: NOW - 20 * DAY, last_used_at: NOW - HOUR }];
export const settings: Settings = { shop_name: 'Sen Shop', opening_hours: [{ days: [1, 2, 3, 4, 5, 6], from: '08:00', to: '21:30' }, { days: [7], from: '09:00', to: '18:00' }], timezone: 'Asia/Ho_Chi_Minh', bot_enabled: true, order_code_patterns: ['DH\\d{4,}', '#1000\\d{2}'], order_code_example: 'DH1024', order_source: { url_template: 'https://erp.sen.example/orders/{code}', header_name: 'Authorization', secret_set: true, fresh_minutes: 5, pointers: { status: '/data/status', phone: '/data/phone' } } };

// --------------------------------------------------------------- the threads

export interface Room {
  thread: Thread;
  customer: Customer;
  messages: Message[];
}

const NAMES = ['Phạm Gia Bảo', 'Hoàng Yến', 'Sophie Martin', 'Đỗ Hữu Phước', 'Bùi Lan Chi', 'Vũ Đình Nam', 'Lý Thu Hà', 'Ngô Bảo Châu', 'Đặng Khánh Vy', 'Jonas Weber', 'Mai Anh Tuấn', 'Cao Thị Kim Oanh', '𝓣𝓻𝓪𝓷𝓰 🌸', '<b>Hacker</b> "\'', 'Trịnh Công Khoa', 'Đinh Hương', 'Tạ Bích Loan', 'Lương Thế Vinh'];
const LINES = ['đơn của em tới đâu rồi ạ', 'Shop còn size M không?', 'Is this still available?', 'cho mình đổi địa chỉ với', 'Cảm ơn shop nhiều ạ ❤️', 'sao giao lâu vậy', 'Em muốn gặp nhân viên', 'dh1024 giao chua shop'];

let made = 0;
const nextId = (kind: string) => `${kind}_${String(++made).padStart(5, '0')}`;

export const by = (kind: Message['author']['kind']) => ({ kind, id: null, name: null });

export function message(room: { thread: { id: string } }, seq: number, more: Partial<Message>): Message {
  return { id: nextId('msg'), thread_id: room.thread.id, seq, author: by('customer'), note: false, channel: null, identity_id: null, text: '', attachments: [], buttons: [], reply_to: null, status: 'received', error: null, unsupported: null, edited_at: null, deleted_at: null, reactions: [], event: null, intent: null, client_id: null, platform_at: null, created_at: NOW, ...more };
}

export function identity(channel: string, name: string, more: Partial<Identity> = {}): Identity {
  const inbox = inboxes.find((one) => one.channel === channel)!;
  return { id: nextId('idn'), inbox_id: inbox.id, inbox_name: inbox.name, channel, name, address: `${Math.abs(made * 7919) % 900 + 100}…${made % 90 + 10}`, verified_phone: null, reachable: { state: 'open', until: null, note: null, since: null, paused: null, quota: null }, last_interaction_at: NOW - 10 * MINUTE, ...more };
}

function room(name: string, identities: Identity[], more: Partial<Thread>, handoffs: Handoff[] = []): Room {
  const id = nextId('thr');
  const customerId = nextId('cus');
  const thread: Thread = { id, customer: { id: customerId, name, avatar_url: null }, status: 'bot', assignee: null, handoff_reason: null, channels: [...new Set(identities.map((one) => one.channel))], last_message: null, waiting_since: null, unread: 0, language: 'vi', last_identity_id: identities[0]!.id, last_seq: 0, updated_at: NOW, created_at: NOW - 90 * DAY, ...more };
  const customer: Customer = { id: customerId, name, phone: null, email: null, note: '', merged_into: null, channels: thread.channels, language: thread.language, created_at: thread.created_at, thread_id: id, identities, avatar_url: null, orders: [], handoffs, merges: [] };
  return { thread, customer, messages: [] };
}

export function settle(one: Room): Room {
  const last = [...one.messages].reverse().find((entry) => !entry.event && !entry.note);
  one.thread.last_seq = one.messages.at(-1)?.seq ?? 0;
  one.thread.last_message = last ? { author: { kind: last.author.kind }, text: last.text, channel: last.channel, created_at: last.created_at } : null;
  one.thread.updated_at = one.messages.at(-1)?.created_at ?? NOW;
  return one;
}

function rich(): Room {
  const lantern = identity('lantern', 'Minh Anh', { verified_phone: '0912 345 678', reachable: { state: 'open', until: NOW + 3.4 * HOUR, note: 'eight free replies', since: null, paused: null, quota: null }, last_interaction_at: NOW - 7 * MINUTE });
  const pigeon = identity('pigeon', '@minhanh', { last_interaction_at: NOW - DAY });
  const harbour = identity('harbour', 'Trần Minh Anh', { reachable: { state: 'closed', until: null, note: null, since: NOW - 5 * DAY, paused: null, quota: null }, last_interaction_at: NOW - 12 * DAY });
  const bamboo = identity('bamboo', 'minhanh.99', { reachable: { state: 'blocked', until: null, note: null, since: NOW - 2 * DAY, paused: null, quota: null }, last_interaction_at: NOW - 20 * DAY });
  const one = room('Trần Minh Anh', [lantern, pigeon, harbour, bamboo], { status: 'assigned', assignee: me, handoff_reason: 'order_in_trouble', waiting_since: NOW - 7 * MINUTE, unread: 2 }, [
    { id: 'hnd_2', reason: 'order_in_trouble', opened_at: NOW - 42 * MINUTE, assigned_at: NOW - 40 * MINUTE, resolved_at: null, agent: me },
    { id: 'hnd_1', reason: 'asked', opened_at: NOW - 12 * DAY, assigned_at: NOW - 12 * DAY + 3 * MINUTE, resolved_at: NOW - 12 * DAY + 25 * MINUTE, agent: { id: 'agt_huy', name: 'Trần Quang Huy' } },
  ]);
  Object.assign(one.customer, { phone: '0912345678', email: 'minhanh@thu.example', note: 'Khách quen, thích lụa màu xanh. Gọi sau 18h.', orders: orders.slice(0, 3), merges: [{ id: 'mrg_1', from: { id: 'cus_x', name: 'minhanh.99' }, merged_at: NOW - 2 * DAY, by: { id: 'agt_huy', name: 'Trần Quang Huy' }, undoable: true }] });
  let seq = 0;
  const say = (at: number, more: Partial<Message>) => {
    one.messages.push(message(one, ++seq, { created_at: at, platform_at: more.author?.kind === 'system' ? null : at - 1200, ...more }));
    return one.messages.at(-1)!;
  };
  const customer = (at: number, from: Identity, text: string, more: Partial<Message> = {}) => say(at, { channel: from.channel, identity_id: from.id, text, ...more });
  const bot = (at: number, to: Identity, text: string, more: Partial<Message> = {}) => say(at, { author: by('bot'), channel: to.channel, identity_id: to.id, text, status: 'read', ...more });
  const agent = (at: number, to: Identity, text: string, more: Partial<Message> = {}) => say(at, { author: { kind: 'agent', ...me }, channel: to.channel, identity_id: to.id, text, status: 'read', ...more });
  const line = (at: number, event: Message['event']) => say(at, { author: by('system'), event });

  // A long past, so that scrolling up has something to do.
  // TURNS=107 makes ten thousand messages.
  const turns = Number(process.env.TURNS ?? 12);
  for (let day = 60; day > 13; day--) {
    const at = NOW - day * DAY;
    for (let turn = 0; turn < turns; turn++) {
      customer(at + turn * 9 * MINUTE, turn % 2 ? harbour : pigeon, LINES[(day + turn) % LINES.length]!);
      bot(at + turn * 9 * MINUTE + 2000, turn % 2 ? harbour : pigeon, 'Dạ shop chào mình ạ. Shop đã ghi nhận và sẽ trả lời mình ngay nhé.');
    }
  }
  const d12 = NOW - 12 * DAY;
  line(d12, { type: 'started', reference: 'ao-dai-lua' });
  customer(d12 + 1000, harbour, 'Chào shop, áo dài lụa sen còn size M không ạ?', { intent: { name: 'stock', probability: 0.93 } });
  bot(d12 + 3000, harbour, 'Dạ chào chị, mẫu Áo dài lụa sen size M hiện còn 3 chiếc ạ. Chị muốn em giữ hàng không ạ?', { buttons: [{ label: 'Giữ hàng', payload: 'hold' }, { label: 'Xem bảng size', url: 'https://sen.example/size' }], status: 'delivered' });
  line(d12 + 60_000, { type: 'pressed', label: 'Giữ hàng' });
  const picture = (seed: number, name: string) => ({ type: 'file' as const, id: `pic${seed}`, kind: 'image' as const, name, mime: 'image/svg+xml', size: 183_000, state: 'stored' as const, url: `/api/v1/files/pic${seed}` });
  customer(d12 + 90_000, harbour, 'Màu này đúng không shop', { attachments: [picture(1, 'ao-dai.jpg'), picture(2, 'lua.jpg'), picture(3, 'mau.jpg')], reactions: [{ emoji: '❤️', by: 'customer' }] });
  const y = NOW - DAY - 2 * HOUR;
  line(NOW - 2 * DAY, { type: 'merged', customer: { id: 'cus_x', name: 'minhanh.99' } });
  customer(y, pigeon, 'don dh1024 cua em toi dau roi a', { intent: { name: 'order_status', probability: 0.97 } });
  bot(y + 1500, pigeon, 'Dạ anh/chị cho em xin 4 số cuối điện thoại đặt hàng để em kiểm tra ạ.', { status: 'read' });
  customer(y + 20_000, pigeon, '5678');
  bot(y + 22_000, pigeon, 'Dạ đơn DH1024 đang được Chim Én Express giao, dự kiến 24/11. Theo dõi tại https://chimen.example/t/CE102488 ạ (cập nhật 2 giờ trước).', { reactions: [{ emoji: '👍', by: 'customer' }], buttons: [{ label: 'Xem hành trình', url: 'https://chimen.example/t/CE102488' }, { label: 'Gặp nhân viên', payload: 'human' }] });
  say(y + 60_000, { channel: 'pigeon', identity_id: pigeon.id, attachments: [{ type: 'file', id: 'v1', kind: 'audio', name: 'voice.ogg', mime: 'audio/ogg', size: 48_000, state: 'stored', url: '/api/v1/files/v1' }] });
  customer(y + 70_000, pigeon, '', { unsupported: 'video_note_poll' });
  customer(y + 80_000, pigeon, 'Nhà mình ở đây nhé', { attachments: [{ type: 'location', latitude: 21.0341, longitude: 105.8516, title: '12 Hàng Bạc' }] });
  customer(y + 90_000, pigeon, '', { attachments: [{ type: 'contact', name: 'Anh Tú (chồng)', phone: '+84 90 555 66 77' }], });
  line(y + 95_000, { type: 'phone_shared', phone: '0912 345 678', own: true });
  customer(y + 100_000, pigeon, 'xin lỗi gửi nhầm', { deleted_at: y + 110_000 });
  customer(y + 120_000, pigeon, 'Giao giờ hành chính giúp mình, <img src=x onerror=alert(1)> (cổng sau), gọi trước nha', { edited_at: y + 130_000 });
  const today = NOW - 45 * MINUTE;
  customer(today, lantern, 'Shop ơi bên vận chuyển báo giao không thành công mà em ở nhà cả ngày???', { intent: { name: 'complaint', probability: 0.88 } });
  customer(today + 8000, lantern, 'Không ai gọi em luôn', { attachments: [{ type: 'file', id: 'd1', kind: 'file', name: 'bien-ban-giao-hang-lan-1-ngay-21-11-2026.pdf', mime: 'application/pdf', size: 1_240_000, state: 'stored', url: '/api/v1/files/d1' }, { type: 'file', id: 'd2', kind: 'image', name: 'anh.jpg', mime: 'image/jpeg', size: null, state: 'failed', url: '' }] });
  line(today + 9000, { type: 'handoff_opened', reason: 'order_in_trouble' });
  bot(today + 10_000, lantern, 'Dạ em xin lỗi chị về việc giao hàng. Em chuyển chị tới nhân viên, sẽ có người trả lời trong ít phút ạ.', { status: 'delivered' });
  bot(today + 12_000, lantern, 'Anh/chị có muốn đổi ngày giao không ạ?', { status: 'withheld' });
  line(today + 2 * MINUTE, { type: 'taken', agent: me });
  const asked = agent(today + 3 * MINUTE, lantern, 'Dạ em chào chị Minh Anh, em là Mai bên Sen Shop. Em kiểm tra với bên giao hàng ngay ạ.');
  say(today + 4 * MINUTE, { author: { kind: 'agent', id: 'agt_huy', name: 'Trần Quang Huy' }, note: true, text: 'Đã gọi bưu cục Hoàn Kiếm: shipper ghi nhầm số nhà. Hẹn giao lại 17h chiều nay.' });
  agent(today + 6 * MINUTE, lantern, 'Bên giao hàng ghi nhầm số nhà ạ. Họ sẽ giao lại lúc 17h hôm nay, chị có ở nhà không ạ?', { status: 'delivered' });
  agent(today + 7 * MINUTE, pigeon, 'Em nhắn cả ở đây để chị tiện xem ạ.', { status: 'failed', error: { code: 'blocked', detail: '403 bot was blocked by the user', in_part: false } });
  agent(today + 8 * MINUTE, lantern, 'Em gửi chị mã giảm 10% cho đơn sau: SEN10', { status: 'uncertain', error: { code: 'timeout', detail: 'no answer after 20 s', in_part: false } });
  customer(NOW - 7 * MINUTE, lantern, 'Dạ có, chị ở nhà cả chiều nhé', { reply_to: { id: asked.id, seq: asked.seq, text: asked.text } });
  customer(NOW - 6.5 * MINUTE, lantern, 'Nhờ em nhắn shipper gọi trước 15 phút. Cảm ơn em 🙏', {});
  return settle(one);
}

function plain(at: number): Room {
  const channel = channels[at % channels.length]!.kind;
  const name = NAMES[at % NAMES.length]! + (at >= NAMES.length ? ` ${Math.floor(at / NAMES.length)}` : '');
  const age = at < 30 ? at * 11 * MINUTE : (at - 25) * 2 * HOUR;
  const status = at < 6 ? 'waiting' : at % 5 === 0 ? 'assigned' : 'bot';
  const last = NOW - age - MINUTE;
  const one = room(name, [identity(channel, name), ...(at % 4 === 0 ? [identity(channels[(at + 1) % 5]!.kind, name)] : [])], {
    status,
    assignee: status === 'assigned' ? (at % 10 === 0 ? me : { id: 'agt_huy', name: 'Trần Quang Huy' }) : null,
    handoff_reason: status === 'bot' ? null : ['asked', 'complaint', 'not_understood', 'needs_person'][at % 4]!,
    waiting_since: status === 'waiting' ? last - at * 4 * MINUTE : null,
    unread: status === 'waiting' ? (at % 3) + 1 : 0,
    language: at % 7 === 2 ? 'en' : 'vi',
  });
  const from = one.customer.identities[0]!;
  one.messages.push(message(one, 1, { channel, identity_id: from.id, text: LINES[(at + 3) % LINES.length]!, created_at: last - 5 * MINUTE }));
  one.messages.push(message(one, 2, { author: by('bot'), channel, identity_id: from.id, text: 'Dạ shop chào anh/chị, em có thể giúp gì ạ?', status: 'sent', created_at: last - 4 * MINUTE }));
  if (status !== 'bot') one.messages.push(message(one, 3, { author: by('system'), event: { type: 'handoff_opened', reason: one.thread.handoff_reason }, created_at: last - MINUTE }));
  one.messages.push(message(one, one.messages.length + 1, { channel, identity_id: from.id, text: LINES[at % LINES.length]!, created_at: last }));
  return settle(one);
}

export function rooms(count = 160): Room[] {
  return [rich(), ...Array.from({ length: count }, (_, at) => plain(at))];
}
