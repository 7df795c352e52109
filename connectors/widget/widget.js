/*!
 * onethread web chat: the widget that a shop puts on its pages with one tag.
 *
 *   <script src="https://GATEWAY/hooks/INBOX/widget.js" async></script>
 *
 * It lives in a shadow root, adds one fixed element to the page and changes nothing else.
 * It talks only to the address it was loaded from. Whatever anybody wrote is set as text,
 * never as HTML; only http and https links can be clicked.
 *
 * For the page:  window.onethread.open(), .close(), .toggle();  data-lang="vi|en" on the tag.
 * For styling and tests, these names are stable:
 *   [data-onethread]                 the element on the page; its shadow root is open
 *   part="launcher badge panel header title subtitle close status log composer input attach file
 *         send notice latest day typing"
 *   part="message"                   data-from="customer|bot|agent" data-id="msg_…" (ours)
 *                                    data-client="uuid" data-state="sending|waiting|failed|sent"
 *   part="author bubble link image document buttons button phone-form phone-input phone-send meta retry"
 *
 * One file, longer than the house likes, because there is no build step; only comments and indentation stay behind.
 */
(() => {
  'use strict';
  const script = document.currentScript;
  if (window.onethread) return;
  if (!script) return console.error('onethread: load widget.js with a plain <script src="…" async> tag, not as a module');
  const base = new URL('.', script.src).href;
  const look = Object.assign({ colour: '#0f766e' }, "{{look}}");
  const lang = /^vi/i.test(script.dataset.lang || document.documentElement.lang || navigator.language) ? 'vi' : 'en';
  const words = {
    vi: {
      title: 'Chat với shop', subtitle: 'Trợ lý tự động và nhân viên của shop', open: 'Mở khung chat', close: 'Đóng khung chat',
      greeting: 'Xin chào! Shop giúp gì được cho mình ạ?', write: 'Nhập tin nhắn…', send: 'Gửi', attach: 'Gửi ảnh hoặc tệp',
      bot: 'Trợ lý tự động', agent: 'Nhân viên', today: 'Hôm nay', yesterday: 'Hôm qua', typing: 'Đang soạn tin…',
      sending: 'Đang gửi…', waiting: 'Đang chờ mạng…', failed: 'Chưa gửi được', retry: 'Thử lại', sent: 'Đã gửi',
      offline: 'Mất kết nối, đang thử lại…', large: 'Tệp lớn hơn 10 MB, không gửi được.', type: 'Không gửi được loại tệp này.',
      refused: 'Shop chưa bật chat cho trang này.', latest: 'Tin mới ↓', phone: 'Số điện thoại', wrongPhone: 'Số điện thoại chưa đúng.',
      unread: (n) => `${n} tin chưa đọc`, log: 'Nội dung trò chuyện', picture: 'Ảnh', shared: '☎ Đã gửi số điện thoại',
    },
    en: {
      title: 'Chat with us', subtitle: 'Our assistant and our team', open: 'Open chat', close: 'Close chat',
      greeting: 'Hello! How can we help you?', write: 'Write a message…', send: 'Send', attach: 'Send a picture or file',
      bot: 'Assistant', agent: 'Our team', today: 'Today', yesterday: 'Yesterday', typing: 'Typing…',
      sending: 'Sending…', waiting: 'Waiting for the network…', failed: 'Not sent', retry: 'Try again', sent: 'Sent',
      offline: 'Connection lost, trying again…', large: 'The file is larger than 10 MB.', type: 'Files of this type cannot be sent.',
      refused: 'Chat is not switched on for this page.', latest: 'New messages ↓', phone: 'Phone number',
      wrongPhone: 'This is not a phone number.', unread: (n) => `${n} unread`, log: 'Conversation', picture: 'Picture', shared: '☎ Phone number sent',
    },
  }[lang];

  // ---------------------------------------------------------------- memory

  const memory = (() => {
    const loose = {};
    const guarded = (area) => ({
      get(name) { try { return area().getItem(`onethread:${base}:${name}`); } catch { return loose[name] ?? null; } },
      set(name, value) { loose[name] = value; try { area().setItem(`onethread:${base}:${name}`, value); } catch { /* private window */ } },
    });
    return { browser: guarded(() => localStorage), tab: guarded(() => sessionStorage) };
  })();

  let token = memory.browser.get('token');
  let visitor = token ? token.split('.')[0] : null;
  let lastSeq = 0;
  let seenSeq = Number(memory.browser.get('seen')) || 0;
  let isOpen = false;
  let typingUntil = 0;
  /** Entries of the transcript by our id. */
  const entries = new Map();
  /** What this page says, by its own id, until the transcript has it. */
  const outgoing = new Map();
  /** Pictures sent from this page, by message: shown from here until the page is left. */
  const previews = new Map();

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  /** Tells those who wait for the gateway that it has answered somebody. */
  const gateway = new EventTarget();
  /** Wait so long, or until the network or the gateway is back. */
  const rested = (ms) => Promise.race([pause(ms), new Promise((back) => {
    addEventListener('online', back, { once: true });
    gateway.addEventListener('back', back, { once: true });
  })]);
  const backoff = (tries) => Math.min(10000, 1000 * 2 ** tries) * (0.75 + Math.random() / 2);
  const uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64;
    b[8] = (b[8] & 63) | 128;
    const hex = [...b].map((x) => x.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };

  // -------------------------------------------------------------- the gateway

  function call(path, { method = 'GET', body, type, signal, bare } = {}) {
    const headers = {};
    if (!bare) Object.assign(headers, { authorization: `Bearer ${token}`, 'x-onethread-visitor': visitor });
    if (body) headers['content-type'] = type || 'application/json';
    return fetch(base + path, { method, headers, body, signal, credentials: 'omit', cache: 'no-store' });
  }

  /** Two tabs that start together must not become two visitors. */
  const alone = (work) => (navigator.locks ? navigator.locks.request(`onethread:${base}`, work) : work());
  let joining = null;

  function join() {
    joining ??= alone(async () => {
      const known = memory.browser.get('token') || token;
      const answer = await call('session', { method: 'POST', bare: true, body: JSON.stringify({ token: known }) });
      if (answer.status === 403) say(words.refused);
      if (!answer.ok) throw new Error(`session ${answer.status}`);
      const session = await answer.json();
      if (session.visitor !== visitor) {
        entries.clear();
        lastSeq = seenSeq = 0;
      }
      ({ token, visitor } = session);
      memory.browser.set('token', token);
    }).finally(() => { joining = null; });
    return joining;
  }

  let joined = false;
  async function ready(again) {
    if (joined && !again) return;
    await join();
    joined = true;
  }

  // ------------------------------------------------------------------ hearing

  let line = null;
  /** Which round of listening this is; 0 while resting. */
  let hearing = 0;
  let rounds = 0;

  /** Keep one stream open while the page is looked at; what was missed comes first. */
  async function hear() {
    if (hearing) return;
    const round = (hearing = ++rounds);
    for (let tries = 0; round === hearing; ) {
      line = new AbortController();
      try {
        await ready();
        const answer = await call(`stream?after=${lastSeq}`, { signal: line.signal });
        if (answer.status === 401) await ready(true);
        if (!answer.ok) throw new Error(`stream ${answer.status}`);
        tries = 0;
        connection(true);
        await readEvents(answer.body.getReader());
        await pause(500);
      } catch {
        if (round !== hearing) break;
        if (++tries > 1) connection(false);
        await rested(backoff(tries));
      }
    }
  }

  function rest() {
    hearing = 0;
    line?.abort();
  }

  /** Silence for 40 s means that the line is dead: the gateway speaks at least every 15 s. */
  async function readEvents(reader) {
    const decoder = new TextDecoder();
    let buffer = '';
    for (;;) {
      let watchdog;
      const silence = new Promise((_, lost) => { watchdog = setTimeout(() => lost(new Error('silence')), 40000); });
      let chunk;
      try {
        chunk = await Promise.race([reader.read(), silence]);
      } catch (lost) {
        line.abort();
        throw lost;
      } finally {
        clearTimeout(watchdog);
      }
      if (chunk.done) return;
      buffer += decoder.decode(chunk.value, { stream: true });
      const blocks = buffer.split('\n\n');
      buffer = blocks.pop();
      const batch = blocks.map(readEvent);
      if (batch.some(Boolean)) render();
    }
  }

  function readEvent(block) {
    const fields = {};
    for (const row of block.split('\n')) {
      const at = row.indexOf(': ');
      if (at > 0) fields[row.slice(0, at)] = row.slice(at + 2);
    }
    if (fields.event === 'typing') {
      typingUntil = Date.now() + 8000;
      setTimeout(render, 8100);
      return true;
    }
    if (fields.event !== 'entry') return false;
    accept(JSON.parse(fields.data));
    return true;
  }

  function accept(entry) {
    entries.set(entry.id, entry);
    lastSeq = Math.max(lastSeq, entry.seq);
    if (entry.from === 'customer') outgoing.delete(entry.platform_id);
    else typingUntil = 0;
    keepOutgoing();
  }

  async function catchUp() {
    await ready();
    const answer = await call('history?after=0');
    if (answer.status === 401) return ready(true);
    if (answer.ok) (await answer.json()).entries.forEach(accept);
    return render();
  }

  // ----------------------------------------------------------------- speaking

  function keepOutgoing() {
    const texts = [...outgoing.values()].filter((item) => !item.upload && item.state !== 'sent');
    memory.tab.set('outgoing', JSON.stringify(texts.map(({ id, at, body }) => ({ id, at, body }))));
  }

  function post(body, upload) {
    const item = { id: uuid(), at: Date.now(), body, upload, state: 'sending', tries: 0 };
    if (upload?.type.startsWith('image/')) previews.set(item.id, URL.createObjectURL(upload));
    outgoing.set(item.id, item);
    keepOutgoing();
    stick = true;
    render();
    pump();
    return item;
  }

  let pumping = false;

  /** One after the other, in the order they were written, until nothing waits. */
  async function pump() {
    if (pumping) return;
    pumping = true;
    for (let item; (item = [...outgoing.values()].find((waiting) => waiting.state === 'sending' || waiting.state === 'waiting')); ) {
      const wait = await attempt(item).catch(() => backoff(item.tries));
      render();
      keepOutgoing();
      if (wait) {
        if (item.tries++ > 0) item.state = 'waiting';
        render();
        await rested(wait);
      }
    }
    pumping = false;
    hear();
  }

  /** Answers how long to wait before trying again; nothing when it is settled. */
  async function attempt(item) {
    await ready();
    if (item.upload && !item.body.files) {
      const sent = await call(`files?name=${encodeURIComponent(item.upload.name)}`, {
        method: 'POST', body: item.upload, type: item.upload.type || 'application/octet-stream',
      });
      const verdict = await settle(item, sent);
      if (verdict !== 'ok') return verdict;
      item.body.files = [await sent.json()];
    }
    const body = JSON.stringify({ ...item.body, id: item.id, language: lang });
    const verdict = await settle(item, await call('messages', { method: 'POST', body }));
    if (verdict !== 'ok') return verdict;
    item.state = 'sent';
    if (item.body.type === 'seen') outgoing.delete(item.id);
    return 0;
  }

  async function settle(item, answer) {
    if (answer.ok) {
      connection(true);
      return 'ok';
    }
    if (answer.status === 401) {
      await ready(true);
      return 1;
    }
    if (answer.status === 429 || answer.status >= 500) {
      return Math.max(Number(answer.headers.get('retry-after')) * 1000, backoff(item.tries));
    }
    item.state = 'failed';
    if (answer.status === 413) say(words.large);
    if (answer.status === 415) say(words.type);
    if (answer.status === 403) say(words.refused);
    if (item.body.type === 'seen') outgoing.delete(item.id);
    return 0;
  }

  function sendFiles(files) {
    for (const file of [...files].slice(0, 10)) {
      if (file.size > 10 * 1024 * 1024) say(words.large);
      else if (file.size) post({ text: '' }, file);
    }
  }

  let seenTimer;
  /** Tell, once, what was really on the screen. */
  function noteSeen() {
    const fromShop = [...entries.values()].filter((entry) => entry.from !== 'customer' && entry.seq > seenSeq);
    if (!isOpen || document.hidden || !fromShop.length) return;
    clearTimeout(seenTimer);
    seenTimer = setTimeout(() => {
      if (!isOpen || document.hidden) return;
      seenSeq = Math.max(seenSeq, ...fromShop.map((entry) => entry.seq));
      memory.browser.set('seen', String(seenSeq));
      const messages = fromShop.map((entry) => entry.platform_id).filter(Boolean).slice(-100);
      const id = uuid();
      const body = { type: 'seen', messages, until: Math.max(...fromShop.map((entry) => entry.at)) };
      outgoing.set(id, { id, at: Date.now(), body, state: 'sending', tries: 0 });
      render();
      pump();
    }, 600);
  }

  // ------------------------------------------------------------------ drawing

  const icons = {
    chat: 'M12 3C6.5 3 2 6.8 2 11.5c0 2.4 1.2 4.6 3 6.1L4.2 21l4-1.4c1.2.4 2.5.6 3.8.6 5.5 0 10-3.8 10-8.7S17.5 3 12 3Z',
    close: 'm6 6 12 12M18 6 6 18',
    down: 'm6 9 6 6 6-6',
    clip: 'm20 11.5-8.2 8.1a5 5 0 0 1-7-7l8.3-8.3a3.4 3.4 0 0 1 4.8 4.8L9.7 17.3a1.7 1.7 0 0 1-2.4-2.4l7.6-7.5',
    send: 'M4 12 20.5 4.5 15.5 20l-4-6.5L4 12Zm7.5 1.5 9-9',
    file: 'M6 3h8l4 4v14H6V3Zm8 0v4h4',
  };

  function make(tag, part, props, ...children) {
    const node = document.createElement(tag);
    if (part) node.setAttribute('part', part);
    for (const [name, value] of Object.entries(props || {})) {
      if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else if (name in node && !name.includes('-')) node[name] = value;
      else if (value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  }

  function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    path.setAttribute('d', icons[name]);
    svg.append(path);
    return svg;
  }

  function safeLink(text) {
    try {
      const url = new URL(text, base);
      return /^https?:$/.test(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  }

  const outside = { target: '_blank', rel: 'noopener noreferrer nofollow', referrerPolicy: 'no-referrer' };

  /** Text, with the links in it; nothing else is ever understood. */
  function written(text) {
    const pieces = document.createDocumentFragment();
    for (const [at, piece] of text.split(/(https?:\/\/[^\s<>"'`]+)/i).entries()) {
      const [, shown, tail] = at % 2 ? piece.match(/^(.*?)([.,;:!?)\]}…]*)$/s) : [0, '', piece];
      const href = shown && safeLink(shown);
      pieces.append(href ? make('a', 'link', { ...outside, href, textContent: shown }) : shown, tail);
    }
    return pieces;
  }

  function fileView(file) {
    const href = file.url && safeLink(file.url);
    const name = file.name || words.picture;
    const source = file.preview || (file.kind === 'image' || file.kind === 'sticker' ? href : null);
    if (source) {
      const image = make('img', 'image', {
        src: source, alt: name, referrerPolicy: 'no-referrer', onload: () => stick && toEnd(), onerror: () => image.replaceWith(name),
      });
      return href ? make('a', 'link', { ...outside, href, className: 'shot' }, image) : make('span', null, { className: 'shot' }, image);
    }
    const inside = [icon('file'), make('span', null, { textContent: file.name || file.mime || '…' })];
    return href ? make('a', 'document', { ...outside, href }, ...inside) : make('span', 'document', null, ...inside);
  }

  function buttonView(button, active) {
    const href = button.url && safeLink(button.url);
    if (href) return make('a', 'button', { ...outside, href, textContent: button.label });
    if (!active || button.payload == null) return null;
    const press = () => post({ type: 'pressed', payload: button.payload, label: button.label });
    return make('button', 'button', { type: 'button', textContent: button.label, onclick: press });
  }

  function phoneForm(label) {
    const field = make('input', 'phone-input', {
      type: 'tel', name: 'tel', autocomplete: 'tel', inputMode: 'tel', maxLength: 24, placeholder: '09…', 'aria-label': words.phone,
      oninput: () => field.removeAttribute('aria-invalid'),
    });
    const share = (event) => {
      event.preventDefault();
      const digits = field.value.replace(/\D/g, '').length;
      if (digits < 8 || digits > 15) {
        field.setAttribute('aria-invalid', 'true');
        say(words.wrongPhone);
        field.focus();
        return;
      }
      post({ type: 'shared', phone: field.value.trim() });
      input.focus();
    };
    return make('form', 'phone-form', { onsubmit: share, noValidate: true },
      make('label', null, { textContent: label }), field, make('button', 'phone-send', { type: 'submit', textContent: words.send }));
  }

  const clockTime = new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit' });
  const dayName = new Intl.DateTimeFormat(lang, { weekday: 'long', day: 'numeric', month: 'long' });

  function dayOf(at) {
    const day = new Date(at).toDateString();
    if (day === new Date().toDateString()) return words.today;
    return day === new Date(Date.now() - 864e5).toDateString() ? words.yesterday : dayName.format(at);
  }

  function greetingItem() {
    return { key: 'greeting', from: 'bot', text: look.greeting || words.greeting, files: [], buttons: [], at: null };
  }

  function items() {
    const said = [...entries.values()].sort((a, b) => a.seq - b.seq).map((entry) => ({
      key: (entry.from === 'customer' && entry.platform_id) || entry.id, id: entry.id, from: entry.from,
      files: entry.attachments.map((file) => ({ ...file, preview: entry.from === 'customer' && previews.get(entry.platform_id) })),
      text: entry.text || (entry.from === 'customer' && !entry.attachments.length ? words.shared : ''),
      buttons: entry.buttons, phone: entry.ask_phone, at: entry.at, state: 'sent',
    }));
    const lastOwn = said.findLastIndex((item) => item.from === 'customer');
    const waiting = [...outgoing.values()].filter((item) => item.body.type !== 'seen').map((item) => ({
      key: item.id, client: item.id, from: 'customer', text: item.body.text || item.body.label || item.body.phone || '',
      files: item.upload ? [{ kind: 'file', name: item.upload.name, preview: previews.get(item.id) }] : [], buttons: [], at: item.at, state: item.state,
    }));
    said.forEach((item, at) => { item.active = at > lastOwn && !waiting.length; });
    return [greetingItem(), ...said, ...waiting];
  }

  function messageView(item, first, last) {
    const own = item.from === 'customer';
    const controls = (item.buttons || []).map((button) => buttonView(button, item.active)).filter(Boolean);
    const meta = item.state && item.state !== 'sent' ? words[item.state] : last && item.at ? clockTime.format(item.at) : '';
    const retry = item.state === 'failed' && make('button', 'retry', { type: 'button', textContent: words.retry, onclick: () => again(item.key) });
    const props = { className: `${own ? 'own' : 'shop'}${first ? ' first' : ''}`, 'data-from': item.from, 'data-id': item.id };
    Object.assign(props, { 'data-client': own ? item.key : null, 'data-state': item.state });
    return make('div', 'message', props,
      first && !own ? make('small', 'author', { textContent: words[item.from] }) : null,
      ...(item.files || []).map(fileView),
      item.text ? make('p', 'bubble', null, written(item.text)) : null,
      controls.length ? make('div', 'buttons', null, ...controls) : null,
      item.phone && item.active ? phoneForm(item.phone) : null,
      meta || retry ? make('small', 'meta', null, meta, retry || '') : null);
  }

  function again(id) {
    const item = outgoing.get(id);
    if (item) Object.assign(item, { state: 'sending', tries: 0 });
    render();
    pump();
  }

  const drawn = new Map();
  let stick = true;
  let lastTop = 0;

  /** Nodes are kept where nothing changed, so that a screen reader hears each message once. */
  function render() {
    if (!log) return;
    const rows = [];
    let day = null;
    const all = items();
    all.forEach((item, at) => {
      if (item.at && dayOf(item.at) !== day) {
        day = dayOf(item.at);
        rows.push({ key: `day ${day}`, mark: '', view: () => make('div', 'day', { textContent: day }), day });
      }
      const near = (other) => other && other.from === item.from && Math.abs((other.at || item.at) - item.at) < 300000;
      const first = !near(all[at - 1]) || rows.at(-1)?.day;
      const last = !near(all[at + 1]);
      const files = item.files.map((file) => [file.id, !!file.url, !!file.preview]);
      const mark = JSON.stringify([item.text, item.state, item.active, first, last, files, item.id]);
      rows.push({ key: item.key, mark, view: () => messageView(item, first, last) });
    });
    if (typingUntil > Date.now()) rows.push({ key: 'typing', mark: '', view: typingView });
    place(rows);
    badge();
    noteSeen();
  }

  function typingView() {
    return make('div', 'typing', { role: 'status', 'aria-label': words.typing }, ...[1, 2, 3].map(() => make('i')));
  }

  function place(rows) {
    const before = log.childElementCount;
    for (const [key, node] of drawn) {
      if (!rows.some((row) => row.key === key)) {
        node.remove();
        drawn.delete(key);
      }
    }
    rows.forEach((row, at) => {
      let node = drawn.get(row.key);
      if (!node || node.mark !== row.mark) {
        const fresh = Object.assign(row.view(), { mark: row.mark });
        node?.replaceWith(fresh);
        drawn.set(row.key, (node = fresh));
      }
      if (log.children[at] !== node) log.insertBefore(node, log.children[at] || null);
    });
    if (stick) toEnd();
    else if (log.childElementCount > before) latest.hidden = false;
  }

  const toEnd = () => { log.scrollTop = log.scrollHeight; };

  function badge() {
    const unread = isOpen ? 0 : [...entries.values()].filter((entry) => entry.from !== 'customer' && entry.seq > seenSeq).length;
    count.hidden = !unread;
    count.textContent = unread > 9 ? '9+' : String(unread);
    launcher.setAttribute('aria-label', isOpen ? words.close : unread ? `${words.open}, ${words.unread(unread)}` : words.open);
  }

  let noticeTimer;
  function say(text) {
    notice.textContent = text;
    notice.hidden = false;
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => { notice.hidden = true; }, 6000);
  }

  function connection(up) {
    if (up && !status.hidden) gateway.dispatchEvent(new Event('back'));
    status.hidden = up;
  }

  // ---------------------------------------------------------------- the panel

  const [red, green, blue] = look.colour.match(/\w\w/g).map((hex) => parseInt(hex, 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.32;

  const css = `
:host{all:initial!important;position:fixed!important;z-index:2147483000!important}
.root{--c:${look.colour};--on:${bright ? '#16202a' : '#fff'};--ink:#16202a;--soft:#5b6875;--line:#e3e8ec;--paper:#fff;--bed:#f4f6f7;color-scheme:light;
  font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:var(--ink)}
*{box-sizing:border-box;font:inherit;color:inherit;margin:0}
[hidden]{display:none!important}
button,a{cursor:pointer;-webkit-tap-highlight-color:transparent;touch-action:manipulation}
button{border:0;background:none;padding:0}
:focus-visible{outline:2px solid var(--c);outline-offset:2px}
svg{width:24px;height:24px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round;flex:none;display:block}
[part=launcher]{position:fixed;right:20px;bottom:calc(20px + env(safe-area-inset-bottom));width:58px;height:58px;border-radius:50%;
  background:var(--c);color:var(--on);display:grid;place-items:center;
  box-shadow:0 1px 2px #10203033,0 8px 24px #1020303d;transition:transform .16s,box-shadow .16s}
[part=launcher]:hover{transform:translateY(-2px);box-shadow:0 2px 4px #10203033,0 12px 30px #10203047}
[part=launcher]:focus-visible{outline-color:var(--c);outline-offset:3px}
[part=launcher] svg{width:28px;height:28px}
[part=badge]{position:absolute;top:-3px;right:-3px;min-width:22px;height:22px;border-radius:11px;padding:0 6px;background:#d92d20;color:#fff;
  font-size:12px;font-weight:700;line-height:22px;text-align:center;box-shadow:0 0 0 2px #fff}
[part=panel]{position:fixed;right:20px;bottom:calc(90px + env(safe-area-inset-bottom));width:min(384px,calc(100vw - 40px));
  height:min(620px,calc(100vh - 116px));display:flex;flex-direction:column;background:var(--paper);border-radius:18px;overflow:hidden;
  box-shadow:0 0 0 1px #10203014,0 4px 10px #1020301a,0 24px 60px #10203038;transform-origin:100% 100%;animation:rise .2s cubic-bezier(.2,.8,.3,1)}
@keyframes rise{from{opacity:0;transform:translateY(10px) scale(.97)}}
[part=header]{display:flex;align-items:center;gap:12px;padding:14px 12px 14px 18px;background:var(--c);color:var(--on);flex:none}
[part=header] div{flex:1;min-width:0}
[part=title]{font-size:17px;font-weight:650;letter-spacing:-.01em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
[part=subtitle]{font-size:13px;opacity:.88;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
[part=close]{width:40px;height:40px;border-radius:10px;display:grid;place-items:center}
[part=close]:hover{background:#ffffff26}
[part=close]:focus-visible{outline-color:var(--on);outline-offset:-3px}
[part=status]{padding:6px 18px;background:#fff4e0;color:#7a4a00;font-size:13px;text-align:center;flex:none}
[part=notice]{padding:9px 18px;background:#fdeceb;color:#8f1d13;font-size:14px;flex:none}
[part=log]{flex:1;overflow-y:auto;overscroll-behavior:contain;padding:16px 16px 10px;background:var(--bed);
  display:flex;flex-direction:column;gap:3px;scrollbar-width:thin}
[part=log]>:first-child{margin-top:auto}
[part=day]{align-self:center;margin:12px 0 6px;font-size:12px;color:var(--soft)}
[part=message]{display:flex;flex-direction:column;max-width:84%;gap:3px}
.own{align-self:flex-end;align-items:flex-end}
.shop{align-self:flex-start;align-items:flex-start}
.first{margin-top:9px}
[part=author],[part=meta]{font-size:12px;color:var(--soft);padding:0 4px}
[part=bubble]{padding:9px 14px;border-radius:18px;white-space:pre-wrap;overflow-wrap:anywhere;text-wrap:pretty}
.shop [part=bubble]{background:var(--paper);border-bottom-left-radius:6px;box-shadow:0 1px 1.5px #1020301f}
.own [part=bubble]{background:var(--c);color:var(--on);border-bottom-right-radius:6px}
[part~=link]{text-decoration:underline;text-underline-offset:2px}
.own[data-state=sending] [part=bubble],.own[data-state=waiting] [part=bubble],.own[data-state=sending] .shot{opacity:.68}
.own[data-state=failed] [part=meta]{color:#b42318}
[part=retry]{margin-left:8px;font-weight:600;text-decoration:underline;color:#b42318}
.shot{display:block;border-radius:14px;overflow:hidden;background:#e7ecef;min-width:96px;min-height:72px;line-height:0}
[part=image]{max-width:100%;max-height:240px;object-fit:cover;display:block;line-height:1.4;font-size:13px}
[part=document]{display:flex;align-items:center;gap:8px;padding:9px 14px;border-radius:14px;background:var(--paper);
  box-shadow:inset 0 0 0 1px var(--line);text-decoration:none;overflow-wrap:anywhere;font-size:14px}
[part=document] svg{color:var(--soft)}
[part=buttons]{display:flex;flex-wrap:wrap;gap:7px;padding:4px 0 2px}
[part=button]{padding:8px 15px;border-radius:19px;background:var(--paper);box-shadow:inset 0 0 0 1.5px var(--c);text-decoration:none;
  font-weight:550;font-size:14px;text-align:center;overflow-wrap:anywhere;transition:background .12s}
[part=button]:hover{background:color-mix(in srgb,var(--c) 12%,#fff)}
[part=phone-form]{display:grid;grid-template-columns:1fr auto;gap:8px;padding:12px;margin-top:2px;width:100%;background:var(--paper);border-radius:14px;
  box-shadow:inset 0 0 0 1px var(--line)}
[part=phone-form] label{grid-column:1/-1;font-size:13px;color:var(--soft)}
[part=phone-input]{min-width:0;border:1.5px solid #aab4bd;border-radius:10px;padding:8px 11px;background:#fff;font-size:16px}
[part=phone-input][aria-invalid]{border-color:#d92d20}
[part=phone-send]{padding:8px 16px;border-radius:10px;background:var(--c);color:var(--on);font-weight:600}
[part=typing]{align-self:flex-start;display:flex;gap:4px;padding:13px 15px;margin-top:9px;border-radius:18px;border-bottom-left-radius:6px;background:var(--paper);
  box-shadow:0 1px 1.5px #1020301f}
[part=typing] i{width:7px;height:7px;border-radius:50%;background:#8b98a4;animation:dot 1.2s infinite}
[part=typing] i:nth-child(2){animation-delay:.15s}[part=typing] i:nth-child(3){animation-delay:.3s}
@keyframes dot{30%{transform:translateY(-4px);background:#5b6875}60%{transform:none}}
[part=latest]{position:absolute;left:50%;bottom:84px;transform:translateX(-50%);padding:7px 16px;border-radius:17px;background:var(--ink);color:#fff;
  font-size:13px;font-weight:600;box-shadow:0 6px 18px #10203040}
[part=composer]{display:flex;align-items:flex-end;gap:4px;padding:10px 10px calc(10px + env(safe-area-inset-bottom));border-top:1px solid var(--line);flex:none;background:var(--paper)}
[part=input]{flex:1;min-width:0;border:0;background:var(--bed);border-radius:20px;padding:9px 15px;resize:none;max-height:132px;min-height:40px;
  font-size:16px;line-height:22px;scrollbar-width:thin}
[part=input]:focus-visible{outline-width:1.5px;outline-offset:-1px}
[part=input]::placeholder{color:var(--soft);opacity:1}
[part=attach],[part=send]{width:40px;height:40px;border-radius:50%;display:grid;place-items:center;flex:none;color:var(--soft)}
[part=attach]:hover{background:var(--bed);color:var(--ink)}
[part=send]{background:var(--c);color:var(--on);margin-left:4px}
[part=send]:disabled{background:#dfe5e9;color:#6c7883;cursor:default}
@media (max-width:520px){
  [part=panel]{inset:0 0 auto 0;width:100%;height:var(--room,100dvh);border-radius:0}
  [part=header]{padding-top:calc(12px + env(safe-area-inset-top))}
  :host([data-open]) [part=launcher]{display:none}
}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media (forced-colors:active){[part=bubble],[part=button],[part=launcher],[part=send]{border:1px solid}}
@media print{:host{display:none!important}}`;

  const host = make('div', null, { 'data-onethread': '' });
  const shadow = host.attachShadow({ mode: 'open' });
  try {
    // A sheet made here is no inline style: content security policies let it pass.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    shadow.append(make('style', null, { textContent: css }));
  }

  const count = make('span', 'badge', { hidden: true, 'aria-hidden': 'true' });
  const launcher = make('button', 'launcher', { type: 'button', 'aria-expanded': 'false', onclick: () => toggle() }, icon('chat'), count);
  const log = make('div', 'log', {
    role: 'log', 'aria-live': 'polite', 'aria-label': words.log, tabIndex: 0,
    onscroll: () => {
      // Only who scrolls up leaves the end; a picture that grows above it does not.
      const near = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
      if (near) stick = latest.hidden = true;
      else if (log.scrollTop < lastTop) stick = false;
      lastTop = log.scrollTop;
    },
  });
  const latest = make('button', 'latest', {
    type: 'button', textContent: words.latest, hidden: true,
    onclick: () => {
      stick = latest.hidden = true;
      toEnd();
      input.focus();
    },
  });
  const notice = make('p', 'notice', { role: 'alert', hidden: true });
  const status = make('p', 'status', { role: 'status', hidden: true, textContent: words.offline });
  const picker = make('input', 'file', {
    type: 'file', multiple: true, hidden: true, accept: 'image/*,application/pdf,text/plain,.doc,.docx,.xls,.xlsx,.csv,.zip',
    onchange: () => { sendFiles(picker.files); picker.value = ''; },
  });
  const attach = make('button', 'attach', { type: 'button', 'aria-label': words.attach, title: words.attach, onclick: () => picker.click() }, icon('clip'));
  const send = make('button', 'send', { type: 'submit', 'aria-label': words.send, title: words.send, disabled: true }, icon('send'));
  const input = make('textarea', 'input', {
    rows: 1, maxLength: 4000, placeholder: words.write, 'aria-label': words.write, enterKeyHint: 'send', oninput: () => { grow(); hint(); },
    onkeydown: (event) => {
      // Telex and VNI are composed with Enter, too: then it is not ours.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      speak();
    },
    onpaste: (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      sendFiles(event.clipboardData.files);
    },
  });
  const composer = make('form', 'composer', { onsubmit: (event) => { event.preventDefault(); speak(); } }, attach, picker, input, send);
  const title = look.title || words.title;
  const shut = make('button', 'close', { type: 'button', 'aria-label': words.close, onclick: () => toggle(false) }, icon('down'));
  const header = make('div', 'header', null,
    make('div', null, null, make('p', 'title', { textContent: title }), make('p', 'subtitle', { textContent: words.subtitle })), shut);
  const panel = make('section', 'panel', { role: 'dialog', 'aria-label': title, hidden: true, lang, onkeydown: keys }, header, status, log, latest, notice, composer);
  shadow.append(make('div', null, { className: 'root' }, panel, launcher));

  /** The shop sees that something is coming: a courtesy, told at most every four seconds. */
  let told = 0;
  function hint() {
    if (!token || !input.value.trim() || Date.now() - told < 4000) return;
    told = Date.now();
    call('typing', { method: 'POST', body: JSON.stringify({ id: uuid() }) }).catch(() => {});
  }

  function grow() {
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, 132)}px`;
    send.disabled = !input.value.trim();
  }

  function speak() {
    const text = input.value.trim();
    if (!text) return;
    input.value = '';
    grow();
    post({ text });
    input.focus();
  }

  /** Escape closes; on a small screen the panel is all there is, so Tab stays inside. */
  function keys(event) {
    if (event.key === 'Escape') toggle(false);
    if (event.key !== 'Tab' || !matchMedia('(max-width:520px)').matches) return;
    const stops = [...panel.querySelectorAll('button,a[href],input:not([type=file]),textarea,[tabindex]')].filter((stop) => !stop.disabled && stop.offsetParent);
    const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (shadow.activeElement !== edge) return;
    event.preventDefault();
    other.focus();
  }

  function toggle(show = !isOpen) {
    if (show === isOpen) return;
    isOpen = show;
    panel.hidden = !show;
    host.toggleAttribute('data-open', show);
    launcher.setAttribute('aria-expanded', String(show));
    launcher.firstChild.replaceWith(icon(show ? 'close' : 'chat'));
    if (show) {
      stick = true;
      render();
      toEnd();
      input.focus({ preventScroll: true });
      hear();
    } else {
      badge();
      launcher.focus({ preventScroll: true });
    }
  }

  // ------------------------------------------------------------------- begin

  function fit() {
    host.style.setProperty('--room', `${visualViewport.height}px`);
  }

  let restTimer;
  function attend() {
    clearTimeout(restTimer);
    // Browsers lend one address six connections for all tabs: a forgotten tab gives its own back.
    if (document.hidden) restTimer = setTimeout(rest, 60000);
    else if (isOpen || token) {
      hear();
      render();
    }
  }

  function begin() {
    document.body.append(host);
    new ResizeObserver(() => stick && toEnd()).observe(log);
    window.visualViewport?.addEventListener('resize', fit);
    document.addEventListener('visibilitychange', attend);
    try {
      for (const item of JSON.parse(memory.tab.get('outgoing') || '[]')) outgoing.set(item.id, { ...item, state: 'sending', tries: 0 });
    } catch { /* what another version left behind */ }
    render();
    if (token) catchUp().catch(() => {}).then(() => (entries.size || isOpen) && hear());
    if (outgoing.size) pump();
  }

  window.onethread = Object.freeze({ open: () => toggle(true), close: () => toggle(false), toggle: () => toggle() });
  if (document.body) begin();
  else addEventListener('DOMContentLoaded', begin, { once: true });
})();
