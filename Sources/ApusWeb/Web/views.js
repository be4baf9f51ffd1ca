// The views: what each asks, how it shows the answer, and the controls it brings. An answer of null says that nothing
// is in the range.

import * as Q from './queries.js';
import {
  el, select, field, choice, chart, table, count, percent, shown, duration, timeLabel, palette,
} from './parts.js';

const label = (name) => name.replace(/^properties\./, '');
const fieldOptions = (schema) => [...schema.fields.keys()].filter((n) => n !== schema.time).map((n) => [n, label(n)]);
const key = (value) => (value === null ? 'n' : 'v' + value);

function measures({ state, schema, set }) {
  if (!schema.user) return [];
  const measure = state.measure === 'users' ? 'users' : 'events';
  return [choice(Object.entries(Q.MEASURES), measure, (m) => set({ measure: m }), 'Measure')];
}

function asked(sql, { run }) {
  return el('details', { class: 'card' }, el('summary', {}, 'The SQL that was asked'), el('pre', {}, sql),
    el('button', { onclick: () => run(sql) }, 'Open in the SQL view'));
}

function tiles(totals, before, schema) {
  const change = (now, then) => (then
    ? `${now >= then ? '+' : ''}${(100 * (now - then) / then).toFixed(0)} % against the time before`
    : 'nothing in the time before');
  const tile = (name, value, note) => el('div', { class: 'card tile' }, el('span', {}, name), el('b', {}, value),
    el('span', {}, note));
  const list = [tile('Events', count(totals[0]), change(totals[0], before[0]))];
  if (schema.user) {
    list.push(tile('Unique users', count(totals[1]), change(totals[1], before[1])));
    list.push(tile('Events per user', totals[1] ? (totals[0] / totals[1]).toFixed(1) : '–',
      'events over unique users'));
  }
  return el('div', { class: 'tiles' }, list);
}

const trends = {
  name: 'Trends',
  hasRange: true,
  controls(context) {
    const { state, schema, set } = context;
    return [
      field('Step', select([['auto', 'auto'], ...Object.entries(Q.BUCKETS).map(([k, [name]]) => [k, name])],
        state.bucket, (bucket) => set({ bucket }), { id: 'bucket' })),
      ...measures(context),
      field('Break down by', select([['', 'nothing'], ...fieldOptions(schema)], state.by, (by) => set({ by }),
        { id: 'by' })),
    ];
  },
  async answer(context, signal) {
    const { state, schema, ask } = context;
    const range = Q.rangeOf(state), bucket = Q.bucketOf(state, range), times = Q.bucketsOf(range, bucket);
    const totalsText = Q.totalsSQL(state, schema, range);
    const totals = (await ask(totalsText, { signal })).rows[0];
    if (!totals[0]) return null;
    const earlier = { from: 2 * range.from - range.to, to: range.from };
    const before = (await ask(Q.totalsSQL(state, schema, earlier), { signal })).rows[0];
    const measure = state.measure === 'users' && schema.user ? 'users' : 'events';
    let top = null;
    if (state.by) top = (await ask(Q.topSQL(state, schema, range, state.by, 8), { signal })).rows;
    const sql = Q.trendSQL(state, schema, range, bucket, top?.map((row) => row[0]));
    const rows = (await ask(sql, { signal })).rows;
    const place = new Map(times.map((t, i) => [t, i]));
    const series = new Map((top ?? [[null]]).map(([value]) => [key(value),
      { name: top ? shown(value) : Q.MEASURES[measure], data: times.map(() => 0) }]));
    for (const row of rows) {
      const [events, users] = row.slice(-2);
      const line = series.get(key(top ? row[1] : null));
      if (line && place.has(row[0])) line.data[place.get(row[0])] = measure === 'users' ? users : events;
    }
    const length = range.to - range.from;
    const parts = [tiles(totals, before, schema), el('div', { class: 'card' },
      el('h2', {}, `${Q.MEASURES[measure]}, steps of ${bucket.name}`),
      chart(times.length > 1 ? 'line' : 'bar', times.map((t) => timeLabel(t, bucket.seconds, length)),
        [...series.values()], { name: `${Q.MEASURES[measure]} over time` }),
      el('p', { class: 'note' }, 'The first and the last step may be cut by the ends of the range.'))];
    if (top) parts.push(breakdown(context, top, totals));
    else {
      const columns = [{ name: 'time' }, { name: 'events', number: true }];
      if (schema.user) columns.push({ name: 'unique users', number: true });
      parts.push(el('details', { class: 'card' }, el('summary', {}, 'As a table (steps with events)'),
        table(columns, rows.map((r) => [new Date(r[0] * 1000).toISOString().slice(0, 19).replace('T', ' '),
          count(r[1]), ...(schema.user ? [count(r[2])] : [])]))));
    }
    parts.push(asked(sql, context));
    return parts;
  },
};

function breakdown({ state, schema, addFilter }, rows, totals, colors = palette) {
  const measure = state.measure === 'users' && schema.user ? 2 : 1;
  const columns = [{ name: label(state.by) }, { name: 'events', number: true },
    { name: 'of all events', number: true }];
  if (schema.user) columns.push({ name: 'unique users', number: true });
  return el('div', { class: 'card' },
    el('h2', {}, `The ${rows.length} values with most ${measure === 2 ? 'users' : 'events'}`),
    table(columns, rows.map((row, i) => [
      el('span', {}, el('span', { class: 'swatch', style: { background: colors[i % colors.length] } }),
        el('button', { title: 'Filter by this', onclick: () => addFilter(state.by, row[0]) }, shown(row[0]))),
      count(row[1]), percent(row[1], totals[0]), ...(schema.user ? [count(row[2])] : [])])),
    el('p', { class: 'note' }, 'A user with several values counts once in each. Click a value to filter by it.'));
}

const top = {
  name: 'Top',
  hasRange: true,
  controls(context) {
    const { state, schema, set } = context;
    return [
      field('Values of', select(fieldOptions(schema), state.top, (t) => set({ top: t }), { id: 'top' })),
      field('How many', select(['5', '10', '25', '50', '100'].map((n) => [n, n]), state.limit,
        (limit) => set({ limit }), { id: 'limit' })),
      ...measures(context),
    ];
  },
  async answer(context, signal) {
    const { state, schema, ask } = context;
    const range = Q.rangeOf(state);
    const totals = (await ask(Q.totalsSQL(state, schema, range), { signal })).rows[0];
    if (!totals[0]) return null;
    const sql = Q.topSQL(state, schema, range, state.top, state.limit);
    const rows = (await ask(sql, { signal })).rows;
    const measure = state.measure === 'users' && schema.user ? 2 : 1;
    return [el('div', { class: 'card' }, el('h2', {}, `Top ${label(state.top)}`),
      chart('bar', rows.map((r) => cut(shown(r[0]))), [{ name: Q.MEASURES[measure === 2 ? 'users' : 'events'],
        data: rows.map((r) => r[measure]) }], { horizontal: true, height: 60 + rows.length * 26, name: 'Top values' })),
    breakdown({ ...context, state: { ...state, by: state.top } }, rows, totals, palette.slice(0, 1)),
    asked(sql, context)];
  },
};
const cut = (text) => (text.length > 28 ? text.slice(0, 27) + '…' : text);

const funnel = {
  name: 'Funnel',
  hasRange: true,
  controls({ state, schema, set }) {
    const put = (i, value) => set({ steps: state.steps.map((s, k) => (k === i ? value : s)) });
    const steps = state.steps.map((step, i) => {
      const names = schema.events.includes(step) || !step ? schema.events : [step, ...schema.events];
      return el('span', { class: 'step' }, el('b', {}, String(i + 1)),
        select([['', 'choose…'], ...names.map((n) => [n, n])], step, (v) => put(i, v),
          { id: 'step' + i, 'aria-label': `Step ${i + 1}` }),
        state.steps.length > 2 ? el('button', { 'aria-label': 'Remove this step', title: 'Remove',
          onclick: () => set({ steps: state.steps.filter((_, k) => k !== i) }) }, '×') : null);
    });
    return [...steps,
      state.steps.length < 8 ? el('button', { onclick: () => set({ steps: [...state.steps, ''] }) }, 'Add step') : null,
      field('Within', select(['10 minutes', '1 hour', '1 day', '7 days', '30 days'].map((w) => [w, w]), state.window,
        (window) => set({ window }), { id: 'window' }))].filter(Boolean);
  },
  async answer(context, signal) {
    const { state, schema, ask } = context;
    const names = state.steps.filter((s) => s);
    if (schema.event && names.length < 2) {
      return [el('div', { class: 'card empty' }, el('h2', {}, 'Choose at least two steps'),
        el('p', { class: 'note' }, 'A funnel counts the users who do one thing and then the next.'))];
    }
    const sql = Q.funnelSQL(state, schema, Q.rangeOf(state));
    const rows = (await ask(sql, { signal })).rows;
    const first = rows[0][1];
    return [el('div', { class: 'card' }, el('h2', {}, `${percent(rows.at(-1)[1], first)} of ${count(first)} ` +
      `users go from ${names[0]} to ${names.at(-1)}`),
    el('div', { class: 'bars' }, rows.map(([step, users, seconds], i) => el('div', {},
      el('div', { class: 'bar-head' }, el('span', {}, el('b', {}, `${step}. ${names[i]}`)),
        el('span', {}, `${count(users)} users · ${percent(users, first)} of the first` + (i
          ? ` · ${percent(users, rows[i - 1][1])} of the step before · median ${duration(seconds)} from step 1` : ''))),
      el('div', { class: 'bar' }, el('div', { style: { width: `${first ? 100 * users / first : 0}%` } }))))),
    el('p', { class: 'note' }, `For each user the first “${names[0]}” in the range starts the clock. A later step is ` +
      'the user’s first such event strictly after the step before it, ' +
      `at most ${state.window} after step 1 and inside the range; other events may lie between. Users whose clock ` +
      'started near the end of the range had less time. A user has one try: a later start is not looked at. ' +
      'Filters hold for every step.')), asked(sql, context)];
  },
};

const retention = {
  name: 'Retention',
  hasRange: false,
  controls({ state, schema, set }) {
    const names = schema.events.map((n) => [n, n]);
    const parts = [field('Weeks', select(['4', '8', '12', '26'].map((n) => [n, n]), state.weeks,
      (weeks) => set({ weeks }), { id: 'weeks' }))];
    if (schema.event) {
      parts.push(field('Starts with', select([['', 'any event'], ...names], state.start, (s) => set({ start: s }),
        { id: 'start' })), field('Comes back with', select([['', 'any event'], ...names], state.back,
        (back) => set({ back }), { id: 'back' })));
    }
    return parts;
  },
  async answer(context, signal) {
    const { state, schema, ask } = context;
    const sql = Q.retentionSQL(state, schema);
    const cohorts = new Map();
    for (const [cohort, week, users] of (await ask(sql, { signal })).rows) {
      if (!cohorts.has(cohort)) cohorts.set(cohort, { size: 0, weeks: new Map() });
      if (week === null) cohorts.get(cohort).size = users;
      else cohorts.get(cohort).weeks.set(week, users);
    }
    if (!cohorts.size) return null;
    const weeks = Number(state.weeks), week = 604800, now = Date.now() / 1000;
    const dark = document.documentElement.dataset.theme === 'dark';
    const rows = [...cohorts].sort((a, b) => a[0] - b[0]).map(([cohort, { size, weeks: back }]) => el('tr', {},
      el('td', { class: 'cohort' }, new Date(cohort * 1000).toISOString().slice(0, 10)),
      el('td', { class: 'number' }, count(size)),
      Array.from({ length: weeks }, (_, i) => {
        if (cohort + i * week > now) return el('td', {});
        const users = back.get(i) ?? 0, share = size ? users / size : 0, open = cohort + (i + 1) * week > now;
        return el('td', { title: `${count(users)} of ${count(size)} users${open ? '; this week is not over' : ''}`,
          style: { background: `rgba(var(--heat), ${(0.05 + 0.85 * share).toFixed(3)})`,
            color: share > 0.55 ? (dark ? '#0c1420' : '#fff') : '' } },
        `${Math.round(100 * share)}%${open ? '*' : ''}`);
      })));
    return [el('div', { class: 'card' }, el('h2', {}, 'Weekly retention'),
      el('div', { class: 'scroll', tabindex: '0' }, el('table', { class: 'heat' }, el('thead', {}, el('tr', {},
        el('th', { scope: 'col' }, 'Week of'), el('th', { scope: 'col', class: 'number' }, 'Users'),
        Array.from({ length: weeks }, (_, i) => el('th', { scope: 'col' }, `+${i}`)))), el('tbody', {}, rows))),
      el('p', { class: 'note' }, 'A row holds the users whose first ' +
        `${state.start ? `“${state.start}”` : 'event'} ever fell in that week (Monday to Sunday, UTC); column +n is ` +
        `the share of them with ${state.back ? `a “${state.back}”` : 'any event'} in the n-th week after. * marks ` +
        'weeks that are not over. Filters hold for the first event and for coming back.')), asked(sql, context)];
  },
};

const rowsShownMax = 1000;
const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision)/;

const sql = {
  name: 'SQL',
  hasRange: false,
  controls({ state, set, run: confirm }) {
    const text = state.sql || `SELECT event, count(*) AS events, count(DISTINCT distinct_id) AS users\n` +
      `FROM ${Q.identifier(state.table)}\nGROUP BY event\nORDER BY events DESC\nLIMIT 20`;
    const area = el('textarea', { id: 'sql', spellcheck: 'false', 'aria-label': 'SQL' });
    area.value = text;
    const run = () => confirm(area.value);
    area.addEventListener('change', () => set({ sql: area.value }, { quiet: true }));
    area.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
    });
    return [el('div', { class: 'card', style: { flex: '1 1 100%' } }, area, el('div', { class: 'row' },
      el('button', { class: 'primary', id: 'run', title: 'Ctrl Enter', onclick: run }, 'Run'),
      field('Chart', select([['none', 'none'], ['line', 'lines'], ['bar', 'bars']], state.chart, (c) => {
        set({ chart: c, sql: area.value });
      }, { id: 'chart' })),
      el('span', { class: 'note', style: { margin: 0 } }, 'One read-only statement of at most 30 seconds.')))];
  },
  async answer({ state, ask, isConfirmed }, signal) {
    if (!state.sql || !isConfirmed(state.sql)) {
      return [el('div', { class: 'card empty' }, el('p', { class: 'note' }, 'Run, or Ctrl Enter, runs the statement' +
        (state.sql ? '; what comes with a link waits for that' : '') + '. In a chart the first column is the axis, ' +
        'and each column of numbers a line.'))];
    }
    const answer = await ask(state.sql, { signal, exact: true });
    const columns = answer.columns.map((c) => ({ name: c.name, number: numberTypes.test(c.type) }));
    const cell = (value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value);
    const rows = answer.rows.slice(0, rowsShownMax).map((row) => row.map(cell));
    const parts = [];
    const lines = columns.map((c, i) => ({ ...c, i })).filter((c) => c.number && c.i > 0);
    if (state.chart !== 'none') {
      if (lines.length && rows.length) {
        parts.push(el('div', { class: 'card' }, chart(state.chart, rows.map((r) => cut(String(r[0]))),
          lines.map((c) => ({ name: c.name, data: rows.map((r) => (r[c.i] === null ? null : Number(r[c.i]))) })))));
      } else {
        parts.push(el('div', { class: 'card note' }, rows.length
          ? 'No chart: it needs a column of numbers after the first column.' : 'No chart: there are no rows.'));
      }
    }
    const total = answer.rows.length;
    parts.push(el('div', { class: 'card' }, el('h2', {}, `${count(total)} row${total === 1 ? '' : 's'}` +
      (total > rowsShownMax ? `, of which the first ${count(rowsShownMax)} are shown` : '')), table(columns, rows)));
    return parts;
  },
  failed(_, error) {
    const area = document.getElementById('sql');
    if (!area || !error.position) return;
    // The server counts characters, a text field UTF-16 units.
    const at = [...area.value].slice(0, Number(error.position) - 1).join('').length;
    area.focus();
    area.setSelectionRange(at, at + Math.max(1, area.value.slice(at).search(/[\s,;()]|$/)));
  },
};

export const views = { trends, funnel, retention, top, sql };
