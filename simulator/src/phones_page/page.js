// The phones page: draws what the simulator says and tells it what you do.
// Customers' and shops' words are only ever set as text.
// Stable names for tests: [data-phone=KIND] holds [data-persona] [data-weather] [data-screen]
// [data-bubble=ID][data-from] [data-press] [data-share] [data-input] [data-send] [data-more] [data-act].

import { base64, painted, silence } from './things.js';
import { looks, names, scenarios, words as allWords } from './words.js';

const $ = (selector, root = document) => root.querySelector(selector);
const remembered = (name) => localStorage.getItem(`phones:${name}`);
const remember = (name, value) => localStorage.setItem(`phones:${name}`, value);

let language = remembered('language') || 'vi';
let words = allWords[language];
/** Each platform: its phones by user, who is selected, and its card on the page. */
const desks = new Map();
/** Pictures that this page sent, by message, to show them as the customer sees them. */
const pictures = new Map();

function make(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value == null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name.includes('-') || name === 'role' || name === 'for') node.setAttribute(name, value === true ? '' : value);
    else node[name] = value;
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

// -------------------------------------------------------------- the simulator

async function tell(path, body) {
  const answer = await fetch(`/phones/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(said.error || `HTTP ${answer.status}`), { status: answer.status });
  return said;
}

/** Do it on the phone; what the platform refuses is shown unless it was only a courtesy. */
async function act(desk, wish, quietly = false) {
  try {
    return (await tell('act', { platform: desk.kind, user: desk.user, act: wish, courtesy: quietly })).message;
  } catch (error) {
    if (!quietly) toast(`${looks[desk.kind]?.name || desk.kind}: ${words[error.status] || error.message}`);
    return null;
  }
}

async function introduce(desk, name) {
  const { user } = await tell('customer', { platform: desk.kind, name });
  desk.phones.set(user, { user, name, typing: false, bubbles: [], ...desk.phones.get(user) });
  choose(desk, user);
}

function choose(desk, user) {
  desk.user = user;
  remember(`user:${desk.kind}`, user);
  desk.editing = desk.replying = null;
  drawPersonas(desk);
  drawScreen(desk, true);
}

async function load() {
  const state = await (await fetch('/phones/state')).json();
  const order = Object.keys(looks);
  state.platforms.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  for (const { kind, phones, fault } of state.platforms) {
    const desk = desks.get(kind) || { kind };
    desk.phones = new Map(phones.map((phone) => [phone.user, phone]));
    desk.fault = fault;
    desks.set(kind, desk);
    if (!desk.card) buildCard(desk);
    if (!desk.phones.has(desk.user)) desk.user = desk.phones.has(remembered(`user:${kind}`)) ? remembered(`user:${kind}`) : phones[0]?.user;
    if (desk.user) choose(desk, desk.user);
    else await introduce(desk, names[0]).catch((error) => toast(error.message));
    drawWeather(desk);
  }
  offer(state);
}

function listen() {
  const source = new EventSource('/phones/live');
  const light = $('[data-live]');
  source.onopen = () => {
    light.classList.add('on');
    light.textContent = words.live;
    load().catch((error) => toast(error.message));
  };
  source.onerror = () => {
    light.classList.remove('on');
    light.textContent = words.catching;
  };
  source.onmessage = ({ data }) => {
    const change = JSON.parse(data);
    if (change.behind) return void load();
    const desk = desks.get(change.kind);
    if (!desk?.card) return;
    const known = desk.phones.has(change.phone.user);
    desk.phones.set(change.phone.user, change.phone);
    if (!known) drawPersonas(desk);
    if (change.phone.user === desk.user) drawScreen(desk);
  };
}

// ------------------------------------------------------------------- one phone

function buildCard(desk) {
  const personas = make('select', { 'data-persona': true, onchange: () => (personas.value ? choose(desk, personas.value) : newcomer([desk])) });
  const weather = make('select', { 'data-weather': true, onchange: () => setWeather(desk, weather.value) });
  const screen = make('div', { className: 'screen', 'data-screen': true, role: 'log', tabIndex: 0 });
  const input = make('textarea', { rows: 1, maxLength: 4000, 'data-input': true, oninput: () => typed(desk), onkeydown: (event) => keyed(desk, event) });
  const picker = make('input', { type: 'file', accept: 'image/*', multiple: true, hidden: true, 'data-file': true, onchange: () => sendPicked(desk, picker) });
  const attach = make('button', { type: 'button', className: 'round attach', textContent: '+', onclick: () => picker.click() });
  const send = make('button', { type: 'submit', className: 'round send', 'data-send': true, textContent: '➤' });
  const more = make('button', { type: 'button', className: 'round more', 'data-more': true, textContent: '⋯', onclick: () => menu.toggleAttribute('hidden') });
  const menu = make('div', { className: 'menu', role: 'group', hidden: true });
  const hint = make('p', { className: 'hint', hidden: true });
  const chips = make('div', { className: 'chips' });
  const composer = make('form', { className: 'composer', onsubmit: (event) => { event.preventDefault(); say(desk); } }, attach, picker, input, more, send);
  const head = make('div', { className: 'app' }, make('span', { className: 'back', 'aria-hidden': true, textContent: '‹' }),
    make('span', { className: 'face', 'aria-hidden': true, textContent: 'M' }),
    make('div', {}, make('strong', { textContent: words.shop }), make('small', { 'data-word': 'status' })));
  const phone = make('div', { className: 'phone' }, head, screen, hint, chips, menu, composer);
  desk.card = make('section', { className: `desk ${desk.kind}`, 'data-phone': desk.kind, 'aria-label': looks[desk.kind]?.name || desk.kind },
    make('div', { className: 'tools' }, make('h2', { textContent: looks[desk.kind]?.name || desk.kind }), personas, weather), phone);
  Object.assign(desk, { personas, weather, screen, input, attach, send, more, menu, hint, chips });
  $('[data-row]').insertBefore(desk.card, web.card.isConnected ? web.card : null);
  drawWords(desk);
}

/** Everything on a card whose language can change. */
function drawWords(desk) {
  $('[data-word=status]', desk.card).textContent = words.status;
  desk.input.placeholder = words.write;
  desk.input.setAttribute('aria-label', `${looks[desk.kind]?.name || desk.kind}: ${words.write}`);
  for (const [button, word] of [[desk.attach, words.picture], [desk.send, words.send], [desk.more, words.more]]) {
    button.title = word;
    button.setAttribute('aria-label', word);
  }
  desk.personas.setAttribute('aria-label', words.customer);
  desk.weather.setAttribute('aria-label', words.weather);
  const chip = (scenario) => make('button', { type: 'button', textContent: scenario[language], onclick: () => fill(desk, scenario.text) });
  desk.chips.replaceChildren(...scenarios.map(chip));
  const entry = ([name, wish]) => make('button', { type: 'button', 'data-act': name, textContent: words[name], onclick: () => { desk.menu.hidden = true; wish(desk); } });
  desk.menu.replaceChildren(...Object.entries(wishes).map(entry));
  drawWeather(desk);
  drawPersonas(desk);
}

function drawPersonas(desk) {
  const people = [...desk.phones.values()].map((phone) => make('option', { value: phone.user, textContent: phone.name || phone.user }));
  desk.personas.replaceChildren(...people, make('option', { value: '', textContent: `+ ${words.newCustomer}` }));
  desk.personas.value = desk.user ?? '';
}

const troubles = ['throttled', 'server_error', 'answer_lost', 'token_revoked', 'blocked', 'window_closed', 'bad_content'];
const nameOf = (fault) => (typeof fault === 'string' ? fault : Object.keys(fault || {})[0]);

function drawWeather(desk) {
  const group = (label, prefix) => make('optgroup', { label }, troubles.map((name) => make('option', { value: `${prefix}:${name}`, textContent: words[name] })));
  desk.weather.replaceChildren(make('option', { value: '', textContent: `☀ ${words.fine}` }), group(words.once, 'once'), group(words.until, 'until'));
  desk.weather.value = desk.fault ? `until:${nameOf(desk.fault)}` : '';
  desk.card.classList.toggle('trouble', Boolean(desk.fault));
}

async function setWeather(desk, value) {
  const [when, name] = value.split(':');
  const fault = !name ? null : name === 'throttled' ? { throttled: { retry_after: 3000 } } : name;
  try {
    desk.fault = (await tell('fault', { platform: desk.kind, fault, once: when === 'once' })).fault;
    if (when === 'once') toast(words.nextSend);
  } catch (error) {
    toast(error.message);
  }
  drawWeather(desk);
}

// ------------------------------------------------------------------ the screen

function drawScreen(desk, toEnd = false) {
  const phone = desk.phones.get(desk.user) || { bubbles: [] };
  const { screen } = desk;
  const stick = toEnd || screen.scrollHeight - screen.scrollTop - screen.clientHeight < 80;
  const rows = phone.bubbles.map((bubble, at) => bubbleView(desk, bubble, phone.bubbles[at - 1], phone.bubbles[at + 1]));
  if (!rows.length) rows.push(make('div', { className: 'empty', textContent: words.empty }));
  if (phone.typing) rows.push(make('div', { className: 'dots', role: 'status', 'aria-label': words.typing }, make('i'), make('i'), make('i')));
  screen.replaceChildren(...rows);
  if (stick) screen.scrollTop = screen.scrollHeight;
  looked(desk, phone);
}

const time = (at) => new Date(at).toLocaleTimeString(language === 'en' ? 'en-GB' : language, { hour: '2-digit', minute: '2-digit' });
const ticks = { sent: '✓', delivered: '✓✓', seen: '✓✓' };

function bubbleView(desk, bubble, before, after) {
  const own = bubble.from === 'customer';
  const first = before?.from !== bubble.from;
  const last = after?.from !== bubble.from;
  const answered = bubble.reply_to && desk.phones.get(desk.user).bubbles.find((other) => other.id === bubble.reply_to);
  const body = make('div', { className: 'bubble' },
    answered && make('blockquote', { textContent: answered.text || '📎' }),
    bubble.files.map((name, at) => fileView(desk, pictures.get(bubble.id)?.[at], name)),
    bubble.deleted ? make('em', { textContent: words.deleted }) : bubble.text && make('span', { className: 'text' }, written(bubble.text)));
  const state = make('small', { className: `meta ${bubble.ticks}` }, bubble.edited && `${words.edited} · `, time(bubble.at),
    own && bubble.ticks && make('b', { textContent: ` ${ticks[bubble.ticks] || ''}`, title: words[bubble.ticks] || bubble.ticks }));
  body.append(state);
  const seen = own && last && !after && bubble.ticks ? make('small', { className: 'below', textContent: words[bubble.ticks] || bubble.ticks }) : null;
  return make('div', { className: `${own ? 'own' : 'shop'} ${first ? 'first' : ''} ${last ? 'last' : ''}`, 'data-bubble': bubble.id, 'data-from': bubble.from },
    body, tools(desk, bubble, own), choices(desk, bubble), seen);
}

/** Text with its http and https links; nothing else is understood. */
function written(text) {
  return text.split(/(https?:\/\/[^\s<>"'`]+)/).map((piece, at) =>
    (at % 2 ? make('a', { href: piece, textContent: piece, target: '_blank', rel: 'noopener noreferrer' }) : piece));
}

function fileView(desk, picture, name) {
  const stick = desk.screen.scrollHeight - desk.screen.scrollTop - desk.screen.clientHeight < 80;
  const toEnd = () => { if (stick) desk.screen.scrollTop = desk.screen.scrollHeight; };
  return picture ? make('img', { src: picture, alt: name, onload: toEnd }) : make('span', { className: 'attachment', textContent: `📎 ${name}` });
}

function choices(desk, bubble) {
  const buttons = bubble.buttons.map(([label, payload]) => (/^https?:\/\//i.test(payload)
    ? make('a', { className: 'choice', href: payload, target: '_blank', rel: 'noopener noreferrer', textContent: label })
    : make('button', { type: 'button', className: 'choice', 'data-press': payload, textContent: label, onclick: () => act(desk, { act: 'presses', message: bubble.id, label, payload }) })));
  if (bubble.ask_phone) buttons.push(make('button', { type: 'button', className: 'choice share', 'data-share': true, textContent: `☎ ${bubble.ask_phone}`, onclick: () => sharePhone(desk) }));
  return buttons.length && !bubble.deleted ? make('div', { className: 'choices' }, buttons) : null;
}

function tools(desk, bubble, own) {
  if (bubble.deleted) return null;
  const tool = (sign, word, onclick) => make('button', { type: 'button', textContent: sign, title: word, 'aria-label': word, onclick });
  const edit = () => { Object.assign(desk, { editing: bubble, replying: null }); fill(desk, bubble.text); };
  const reply = () => { Object.assign(desk, { replying: bubble, editing: null }); fill(desk, desk.input.value); };
  const react = () => act(desk, { act: 'reacts', message: bubble.id, emoji: '❤️', removed: false });
  return make('span', { className: 'touch' }, tool('↩', words.reply, reply), own ? bubble.text && tool('✎', words.edit, edit) : tool('♥', words.react, react),
    own && tool('×', words.delete, () => act(desk, { act: 'deletes', message: bubble.id })));
}

/** Whoever has the chat on the screen has seen it. */
function looked(desk, phone) {
  const newest = phone.bubbles.findLast((bubble) => bubble.from === 'business')?.id;
  if (!newest || newest === desk.looked || document.hidden) return;
  desk.looked = newest;
  setTimeout(() => act(desk, { act: 'sees' }, true), 900);
}

// ------------------------------------------------------------------ the fingers

function fill(desk, text) {
  desk.input.value = text;
  desk.input.focus();
  const about = desk.editing || desk.replying;
  desk.hint.hidden = !about;
  desk.hint.textContent = about ? `${desk.editing ? words.editing : words.replying}: ${about.text.slice(0, 60)}` : '';
  fit(desk);
}

function fit(desk) {
  desk.input.style.height = 'auto';
  desk.input.style.height = `${Math.min(desk.input.scrollHeight, 96)}px`;
}

function typed(desk) {
  fit(desk);
  if (Date.now() - (desk.typedAt || 0) < 4000) return;
  desk.typedAt = Date.now();
  act(desk, { act: 'types' }, true);
}

function keyed(desk, event) {
  if (event.key === 'Escape') {
    desk.editing = desk.replying = null;
    fill(desk, '');
  }
  // While Telex or VNI composes a word, Enter belongs to it.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  say(desk);
}

function say(desk) {
  const text = desk.input.value.trim();
  if (!text) return;
  const { editing, replying, asBusiness } = desk;
  Object.assign(desk, { editing: null, replying: null, asBusiness: false });
  fill(desk, '');
  if (asBusiness) act(desk, { act: 'business_answers', text });
  else if (editing) act(desk, { act: 'edits', message: editing.id, text });
  else act(desk, { act: 'says', text, reply_to: replying?.id ?? null });
}

async function sendPicked(desk, picker) {
  const files = [...picker.files];
  picker.value = '';
  if (files.some((file) => file.size > 5e6)) return toast(words.large);
  const sent = await Promise.all(files.map(async (file) => ({ name: file.name, mime: file.type, bytes: await base64(file) })));
  if (sent.length) sendFiles(desk, 'image', sent);
}

async function sendFiles(desk, kind, files) {
  const message = await act(desk, { act: 'sends_files', kind, files, caption: null });
  if (!message || !files.every((file) => file.mime.startsWith('image/'))) return;
  pictures.set(message, files.map((file) => `data:${file.mime};base64,${file.bytes}`));
  drawScreen(desk);
}

function sharePhone(desk) {
  ask(words.phoneAsk, '0912 345 678', (phone) => act(desk, { act: 'shares_phone', phone }));
}

/** What else a customer can do; a platform that has no such thing says so. */
const wishes = {
  phone: sharePhone,
  location: (desk) => act(desk, { act: 'sends_location', latitude: 10.7769, longitude: 106.7009 }),
  sticker: async (desk) => sendFiles(desk, 'sticker', [await painted(20, '☺')]),
  album: async (desk) => sendFiles(desk, 'image', [await painted(150, 'A'), await painted(260, 'B')]),
  voice: async (desk) => sendFiles(desk, 'voice', [await silence()]),
  start: (desk) => act(desk, { act: 'starts', reference: 'demo' }),
  follows: (desk) => act(desk, { act: 'follows' }),
  unfollows: (desk) => act(desk, { act: 'unfollows' }),
  blocks: (desk) => act(desk, { act: 'blocks' }),
  unblocks: (desk) => act(desk, { act: 'unblocks' }),
  business: (desk) => {
    desk.asBusiness = true;
    fill(desk, desk.input.value);
    desk.hint.hidden = false;
    desk.hint.textContent = words.ready;
  },
  novel: (desk) => act(desk, { act: 'does_something_new' }),
};

// ---------------------------------------------------------------- the web chat

let shopUrl = null;

function buildWeb() {
  const frame = make('iframe', { 'data-shop': true });
  const fresh = make('button', { type: 'button', className: 'plain', 'data-stranger': true, onclick: () => {
    for (const area of [localStorage, sessionStorage]) Object.keys(area).filter((key) => key.startsWith('onethread:')).forEach((key) => area.removeItem(key));
    frame.contentWindow.location.reload();
  } });
  const name = make('h2');
  const card = make('section', { className: 'desk webchat', 'data-phone': 'webchat' },
    make('div', { className: 'tools' }, name, fresh),
    make('div', { className: 'phone browser' }, make('div', { className: 'address' }, make('i'), make('span', { textContent: 'tiem-may.example' })), frame));
  return { frame, fresh, card, name };
}

const web = buildWeb();

function offer({ widget, console: desk }) {
  const link = $('[data-console]');
  link.hidden = !desk;
  if (desk && /^https?:/.test(desk)) link.href = desk;
  // The last in the row comes last: a row keeps its eye on what it snapped to first.
  if (!web.card.isConnected) $('[data-row]').append(web.card);
  if (shopUrl === (widget || '')) return;
  shopUrl = widget || '';
  web.frame.src = '/shop';
  web.card.classList.toggle('off', !widget);
  if (!widget) setTimeout(load, 3000);
}

// -------------------------------------------------------------------- the page

let toastTimer;
function toast(text) {
  const node = $('[data-toast]');
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 5000);
}

function ask(title, value, then) {
  const dialog = $('[data-dialog]');
  $('h2', dialog).textContent = title;
  const field = $('input', dialog);
  field.value = value;
  dialog.onclose = () => { if (dialog.returnValue === 'go' && field.value.trim()) then(field.value.trim()); };
  dialog.returnValue = '';
  dialog.showModal();
  field.select();
}

function newcomer(on) {
  on.forEach(drawPersonas);
  const taken = new Set([...desks.values()].flatMap((desk) => [...desk.phones.values()].map((phone) => phone.name)));
  const name = names.find((free) => !taken.has(free)) || `${names[0]} ${taken.size}`;
  ask(words.newCustomer, name, (chosen) => on.forEach((desk) => introduce(desk, chosen).catch((error) => toast(error.message))));
}

function drawLanguage() {
  words = allWords[language];
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll('[data-word]')) node.textContent = words[node.dataset.word];
  $('[data-language]').textContent = words.other;
  $('[data-everywhere]').textContent = words.everywhere;
  $('[data-console]').textContent = words.console;
  web.fresh.textContent = words.freshVisitor;
  web.card.dataset.off = words.webchatOff;
  web.name.textContent = web.frame.title = words.webchat;
  web.card.setAttribute('aria-label', words.webchat);
  for (const desk of desks.values()) {
    drawWords(desk);
    drawScreen(desk, true);
  }
  const light = $('[data-live]');
  light.textContent = light.classList.contains('on') ? words.live : words.catching;
}

$('[data-language]').onclick = () => {
  language = language === 'vi' ? 'en' : 'vi';
  remember('language', language);
  drawLanguage();
};
$('[data-cancel]').onclick = () => $('[data-dialog]').close('');
$('[data-everywhere]').onclick = () => newcomer([...desks.values()]);
document.addEventListener('click', (event) => {
  for (const desk of desks.values()) if (!desk.menu.contains(event.target) && event.target !== desk.more) desk.menu.hidden = true;
});
document.addEventListener('visibilitychange', () => desks.forEach((desk) => desk.user && looked(desk, desk.phones.get(desk.user))));

drawLanguage();
listen();
