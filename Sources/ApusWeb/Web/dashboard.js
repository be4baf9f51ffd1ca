// The dashboard: its state (which is the address' hash), its questions to /v1/query, and what is done with the answers.

import * as Q from './queries.js';
import { el, select, field, choice, dropCharts } from './parts.js';
import { views } from './views.js';

const $ = (id) => document.getElementById(id);
const defaults = {
  table: 'events', view: 'trends', range: '7d', from: '', to: '', bucket: 'auto', measure: 'events', by: '',
  filters: [], steps: ['', '', ''], window: '1 day', weeks: '8', start: '', back: '', top: 'event', limit: '10',
  live: '0', sql: '', chart: 'none',
};
let state = { ...defaults };
let schema = null;
let tables = [];
let running = null;
let generation = 0;
let timer = 0;
let shownAt = 0;

// MARK: State and address

function encode() {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(defaults)) {
    const text = Array.isArray(value) ? JSON.stringify(state[key]) : state[key];
    if (text !== (Array.isArray(value) ? JSON.stringify(value) : value) || key === 'table' || key === 'view')
      parts.set(key, text);
  }
  return '#' + parts;
}

/** What a link says is data of strangers: every member is held to its shape, or left at its default. */
function decode(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const next = { ...defaults };
  for (const key of Object.keys(defaults)) {
    const text = parts.get(key);
    if (text === null) continue;
    if (!Array.isArray(defaults[key])) { next[key] = text; continue; }
    try {
      const list = JSON.parse(text);
      const isText = (t) => typeof t === 'string';
      const fits = key === 'steps' ? isText
        : (f) => Array.isArray(f) && f.length === 3 && f.every(isText) && Object.hasOwn(Q.OPERATORS, f[1]);
      if (Array.isArray(list)) next[key] = list.filter(fits).slice(0, 12);
    } catch { /* a damaged link: the default */ }
  }
  if (!Object.hasOwn(views, next.view)) next.view = defaults.view;
  if (!Object.hasOwn(Q.RANGES, next.range)) next.range = defaults.range;
  if (!/^\d{1,3}$/.test(next.limit)) next.limit = defaults.limit;
  if (!/^\d{1,2}$/.test(next.weeks) || !Number(next.weeks)) next.weeks = defaults.weeks;
  if (!/^\d{1,4}$/.test(next.live)) next.live = defaults.live;
  return next;
}

function set(change, { quiet = false } = {}) {
  state = { ...state, ...change };
  history.pushState(null, '', encode());
  if (quiet) return;
  render();
  refresh();
}

// MARK: Asking

class QueryError extends Error {
  constructor(error, sql) {
    super(error.message);
    Object.assign(this, { code: error.code, hint: error.hint, detail: error.detail, position: error.position, sql });
  }
}

/** Rows as arrays. With `exact`, numbers stay the texts that the server wrote: no digit is lost to a double. */
async function ask(sql, { signal, exact = false } = {}) {
  let reply;
  try {
    reply = await fetch('/v1/query', {
      method: 'POST', signal, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ sql }),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new QueryError({ message: `The server at ${location.origin} does not answer.`, code: null }, sql);
  }
  const text = await reply.text();
  let answer;
  try {
    answer = exact
      ? JSON.parse(text, (key, value, source) => (typeof value === 'number' && source ? source.source : value))
      : JSON.parse(text);
  } catch {
    throw new QueryError({ message: `status ${reply.status}: ${text.slice(0, 300) || 'an empty answer'}` }, sql);
  }
  if (!reply.ok || answer.error) throw new QueryError(answer.error || { message: `status ${reply.status}` }, sql);
  return answer;
}

async function loadTables() {
  const answer = await ask("SELECT table_name, time_column FROM apus.tables WHERE table_schema = 'public' ORDER BY 1");
  tables = answer.rows.map(([name, time]) => ({ name, time }));
}

async function loadSchema(name) {
  const found = tables.find((t) => t.name === name);
  if (!found) throw new Error(`There is no table "${name}" here. Choose another above.`);
  const where = `table_schema = 'public' AND table_name = ${Q.literal(name)}`;
  const columns = (await ask(`SELECT column_name, data_type FROM information_schema.columns WHERE ${where} ` +
    'ORDER BY ordinal_position')).rows;
  const paths = (await ask(`SELECT column_name, path FROM apus.properties WHERE ${where} ORDER BY 1, 2`)).rows;
  const fields = new Map();
  for (const [column, type] of columns) if (type !== 'jsonb') fields.set(column, { column, type });
  for (const [column, path] of paths) fields.set(`${column}.${path}`, { column, path, type: 'jsonb' });
  const has = (column) => (fields.has(column) ? column : null);
  if (!found.time) throw new Error(`The table "${name}" has no time column: only the SQL view can show it.`);
  schema = { table: name, time: found.time, fields, event: has('event'), events: [],
    user: has('distinct_id') || has('user_id') || has('anonymous_id') };
  if (schema.event) {
    const names = await ask(`SELECT event, count(*) FROM ${Q.identifier(name)} GROUP BY 1 ORDER BY 2 DESC LIMIT 500`);
    schema.events = names.rows.map((row) => row[0]);
  }
}

// MARK: Showing

/** SQL that came with a link is not run before somebody in this tab has said so: it is a stranger's. */
let confirmed = null;
function isConfirmed(sql) {
  try { confirmed = sessionStorage.getItem('apus.sql') ?? confirmed; } catch { /* as long as the page, then */ }
  return sql === confirmed;
}
function run(sql) {
  confirmed = sql;
  try { sessionStorage.setItem('apus.sql', sql); } catch { /* as long as the page, then */ }
  set({ view: 'sql', sql });
}

const context = {
  get state() { return state; },
  get schema() { return schema; },
  set, ask, run, isConfirmed,
  addFilter: (name, value) => set({
    filters: [...state.filters, value === null ? [name, 'unset', ''] : [name, 'is', value]],
  }),
};

function status(text) { $('status').textContent = text; }

function showError(error) {
  const lines = [error.message];
  if (error.code) lines[0] = `${error.code}: ${lines[0]}`;
  if (error.detail) lines.push(error.detail);
  if (error.hint) lines.push(error.hint);
  $('message').textContent = lines.join('\n');
  $('message').hidden = false;
  $('main').classList.toggle('stale', $('main').childElementCount > 0);
  status(shownAt ? `Failed. Below is the answer of ${new Date(shownAt).toISOString().slice(11, 19)}.` : 'Failed.');
}

function emptyTable() {
  const url = `${location.origin}/v1/events${schema.table === 'events' ? '' : `?table=${schema.table}`}`;
  return el('div', { class: 'card empty' }, el('h2', {}, `No events in ${schema.table} yet`),
    el('p', {}, 'Send one, and it is here with the next refresh:'),
    el('pre', {}, `curl ${url} -H 'Content-Type: application/json' \\\n` +
      `  -d '{"event": "signup", "user_id": "u42", "properties": {"plan": "pro"}}'`),
    el('p', {}, 'From web pages on this machine:'),
    el('pre', {}, `<script src="${location.origin}/apus.js" async></script>`),
    el('p', { class: 'note' }, 'Or fill demo_events with a web shop of made-up visitors: apus demo'));
}

async function emptyRange() {
  const time = Q.identifier(schema.time);
  const [[newest]] = (await ask(`SELECT extract(epoch FROM max(${time}))::float8 FROM ` +
    Q.identifier(schema.table))).rows;
  if (newest === null) return emptyTable();
  const text = new Date(newest * 1000).toISOString();
  const iso = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16);
  return el('div', { class: 'card empty' }, el('h2', {}, 'Nothing here'),
    el('p', {}, `No event of ${schema.table} is in this range${state.filters.length ? ' with these filters' : ''}. `,
      `The newest is of ${text.slice(0, 19).replace('T', ' ')}.`),
    el('div', { class: 'row', style: { justifyContent: 'center' } },
      el('button', { onclick: () => set({ range: 'custom', from: iso(newest - 86400), to: iso(newest + 60) }) },
        'Show the day before it'),
      state.filters.length ? el('button', { onclick: () => set({ filters: [] }) }, 'Remove the filters') : null));
}

async function refresh() {
  clearTimeout(timer);
  running?.abort();
  const own = running = new AbortController();
  const mine = ++generation;
  const current = () => mine === generation;
  const began = performance.now();
  status('Asking…');
  try {
    if (!tables.length) { await loadTables(); if (current()) renderTables(); }
    if (state.view !== 'sql' && schema?.table !== state.table) {
      schema = null;
      await loadSchema(state.table);
      if (!current()) return;
      render();
    }
    const nodes = await views[state.view].answer(context, own.signal);
    if (!current()) return;
    const content = nodes ?? [await emptyRange()];
    if (!current()) return;
    dropCharts();
    $('main').replaceChildren(...content);
    $('main').classList.remove('stale');
    $('message').hidden = true;
    shownAt = Date.now();
    status(`${new Date(shownAt).toISOString().slice(11, 19)}, ${Math.round(performance.now() - began)} ms`);
  } catch (error) {
    if (!current() || error.name === 'AbortError') return;
    showError(error);
    views[state.view].failed?.(context, error);
  } finally {
    if (current()) schedule();
  }
}

function schedule() {
  clearTimeout(timer);
  const seconds = Number(state.live);
  if (!seconds || state.view === 'sql') return;
  timer = setTimeout(() => (document.hidden ? schedule() : refresh()), seconds * 1000);
}

function renderTables() {
  const names = tables.map((t) => t.name);
  if (!names.includes(state.table)) names.unshift(state.table);
  $('table').replaceChildren(...names.map((name) => el('option', { value: name }, name)));
  $('table').value = state.table;
}

function filterBar() {
  const chips = state.filters.map(([name, operator, value], i) => el('span', { class: 'chip' },
    `${name.replace(/^properties\./, '')} ${Q.OPERATORS[operator]} ${operator.endsWith('set') ? '' : value}`,
    el('button', { 'aria-label': 'Remove this filter', title: 'Remove',
      onclick: () => set({ filters: state.filters.filter((_, k) => k !== i) }) }, '×')));
  if (!schema) return chips;
  const names = [...schema.fields.keys()];
  const values = el('datalist', { id: 'filter-values' });
  const value = el('input', { id: 'filter-value', list: 'filter-values', placeholder: 'value', size: 14,
    'aria-label': 'Value', onkeydown: (e) => { if (e.key === 'Enter') add(); } });
  let offered = '';
  const offer = async () => {
    if (offered === name.value) return;
    offered = name.value;
    try {
      const rows = (await ask(Q.suggestSQL(schema, name.value))).rows;
      values.replaceChildren(...rows.map((row) => el('option', { value: row[0] })));
    } catch { values.replaceChildren(); }
  };
  value.addEventListener('focus', offer);
  const name = select([['', 'Filter by…'], ...names.map((n) => [n, n.replace(/^properties\./, '')])], '', () => {
    value.value = '';
    offer();
  }, { id: 'filter-name', 'aria-label': 'Filter by' });
  const operator = select(Object.entries(Q.OPERATORS), 'is',
    (v) => { value.hidden = v === 'set' || v === 'unset'; }, { id: 'filter-operator', 'aria-label': 'Comparison' });
  const add = () => {
    if (name.value) set({ filters: [...state.filters, [name.value, operator.value, value.value]] });
  };
  return [...chips, name, operator, value, values, el('button', { id: 'filter-add', onclick: add }, 'Add filter')];
}

function rangeBar() {
  const parts = [choice(Object.entries(Q.RANGES).map(([key, [name]]) => [key, name]), state.range, (range) => {
    const change = { range };
    if (range === 'custom' && !state.from) {
      const ends = Q.rangeOf(state);
      const iso = (t) => new Date(t * 1000).toISOString().slice(0, 16);
      Object.assign(change, { from: iso(ends.from), to: iso(ends.to + 60) });
    }
    set(change);
  }, 'Range')];
  if (state.range === 'custom') {
    for (const end of ['from', 'to']) {
      parts.push(field(end, el('input', { type: 'datetime-local', id: 'range-' + end, value: state[end],
        onchange: (e) => set({ [end]: e.target.value }) })));
    }
  }
  return parts;
}

function render() {
  const focused = document.activeElement?.id;
  const view = views[state.view];
  renderTables();
  $('views').replaceChildren(choice(Object.entries(views).map(([key, v], i) => [key, v.name, `Key ${i + 1}`]),
    state.view, (next) => set({ view: next }), 'View'));
  $('live').value = state.live;
  const usesSchema = state.view !== 'sql';
  const controls = usesSchema && !schema ? [] : view.controls(context);
  $('bar').replaceChildren(...(view.hasRange ? rangeBar() : []), ...controls);
  $('filters').hidden = !usesSchema;
  $('filters').replaceChildren(...(usesSchema ? filterBar() : []));
  if (focused && document.activeElement?.id !== focused) $(focused)?.focus();
}

// MARK: Keys, theme, start

const dark = matchMedia('(prefers-color-scheme: dark)');
function applyTheme(redraw) {
  let chosen = null;
  try { chosen = localStorage.getItem('apus.theme'); } catch { /* forbidden: the system's */ }
  document.documentElement.dataset.theme = chosen || (dark.matches ? 'dark' : 'light');
  if (redraw && state.view !== 'sql') refresh();
}
function toggleTheme() {
  const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  try { localStorage.setItem('apus.theme', next); } catch { /* it lasts as long as the page then */ }
  document.documentElement.dataset.theme = next;
  if (state.view !== 'sql') refresh();
}
async function share() {
  try {
    await navigator.clipboard.writeText(location.href);
    status('The address is in the clipboard.');
  } catch { status('The clipboard is not to be had: copy the address bar.'); }
}

const keys = [
  ['1 – 5', 'the views', null],
  ['r', 'ask again', () => refresh()],
  ['l', 'live, on and off', () => set({ live: state.live === '0' ? '5' : '0' })],
  ['f', 'add a filter', () => $('filter-name')?.focus()],
  ['t', 'choose the table', () => $('table').focus()],
  ['[ ]', 'a shorter or longer range', null],
  ['d', 'dark or light', toggleTheme],
  ['c', 'copy the address', share],
  ['Ctrl Enter', 'run the SQL', null],
  ['?', 'this list', () => $('keys').showModal()],
];

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $('keys').open) return;
  if (event.target.closest('input, textarea, select')) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  const names = Object.keys(views);
  const ranges = Object.keys(Q.RANGES).filter((r) => r !== 'custom');
  if (/^[1-9]$/.test(event.key) && names[event.key - 1]) set({ view: names[event.key - 1] });
  else if ((event.key === '[' || event.key === ']') && views[state.view].hasRange) {
    const at = ranges.indexOf(state.range) + (event.key === ']' ? 1 : -1);
    if (ranges[at]) set({ range: ranges[at] });
  } else {
    const found = keys.find(([key, , action]) => action && key === event.key);
    if (!found) return;
    found[2]();
  }
  event.preventDefault();
}

function start() {
  applyTheme(false);
  dark.addEventListener('change', () => applyTheme(true));
  const live = [['0', 'off'], ['2', '2 s'], ['5', '5 s'], ['10', '10 s'], ['60', '1 min']];
  $('live').replaceChildren(...live.map(([value, name]) => el('option', { value }, name)));
  $('live').addEventListener('change', () => set({ live: $('live').value }));
  $('table').addEventListener('change', () => {
    const same = { view: state.view, range: state.range, from: state.from, to: state.to, live: state.live };
    state = { ...defaults, ...same };
    set({ table: $('table').value });
  });
  $('refresh').addEventListener('click', () => { tables = []; if (state.view !== 'sql') schema = null; refresh(); });
  $('share').addEventListener('click', share);
  $('theme').addEventListener('click', toggleTheme);
  $('help').addEventListener('click', () => $('keys').showModal());
  $('keylist').replaceChildren(...keys.flatMap(([key, what]) =>
    [el('dt', {}, el('kbd', {}, key)), el('dd', {}, what)]));
  document.addEventListener('keydown', onKey);
  addEventListener('popstate', () => { state = decode(location.hash); render(); refresh(); });
  state = decode(location.hash);
  render();
  refresh();
}

start();
