// Small parts that views are made of: elements, numbers, tables, charts. Text from data only ever becomes text nodes.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(node.style, value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return node;
}

export function select(options, value, change, attributes = {}) {
  const node = el('select', { ...attributes, onchange: () => change(node.value) },
    options.map(([key, name]) => el('option', { value: key }, name)));
  node.value = value;
  return node;
}

export const field = (name, control) => el('label', { class: 'field' }, el('span', {}, name), control);

export function choice(options, value, change, name) {
  return el('span', { class: 'group', role: 'group', 'aria-label': name }, options.map(([key, label, title]) =>
    el('button', { 'aria-pressed': String(key === value), title, onclick: () => change(key) }, label)));
}

const plain = new Intl.NumberFormat('en-US');
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
export const count = (n) => (n === null || n === undefined ? '–' : plain.format(n));
export const compact = (n) => short.format(n);
export const percent = (part, whole) => (whole ? `${(100 * part / whole).toFixed(1)} %` : '–');
export const shown = (value) => (value === null ? '(none)' : value === '' ? '(empty)' : value);

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  for (const [name, size] of [['d', 86400], ['h', 3600], ['min', 60]])
    if (seconds >= size) return `${(seconds / size).toFixed(1)} ${name}`;
  return `${seconds.toFixed(1)} s`;
}

export function timeLabel(seconds, step, length) {
  const text = new Date(seconds * 1000).toISOString();
  if (step >= 86400) return text.slice(0, 10);
  if (length > 86400) return `${text.slice(5, 10)} ${text.slice(11, 16)}`;
  return step >= 60 ? text.slice(11, 16) : text.slice(11, 19);
}

/** Columns: [{name, number}]; a cell is a text, null or a node. */
export function table(columns, rows) {
  const head = el('tr', {}, columns.map((c) => el('th', { class: c.number ? 'number' : null, scope: 'col' }, c.name)));
  const body = rows.map((row) => el('tr', {}, row.map((cell, i) => {
    if (cell === null) return el('td', { class: columns[i].number ? 'null number' : 'null' }, 'null');
    const isNode = cell instanceof Node;
    return el('td', { class: columns[i].number ? 'number' : null, title: isNode ? null : String(cell) },
      isNode ? cell : String(cell));
  })));
  return el('div', { class: 'scroll', tabindex: '0' }, el('table', {}, el('thead', {}, head), el('tbody', {}, body)));
}

export const palette = ['#3f7ee8', '#e8833a', '#2ca58d', '#b565d9', '#d64560', '#8a9a24', '#1fa3c4', '#a0765a',
  '#7a86f0', '#c48a00'];

const charts = new Set();
export function dropCharts() {
  for (const chart of charts) chart.destroy();
  charts.clear();
}

/** A card with a chart, or with why there is none. */
export function chart(type, labels, series, options = {}) {
  if (!window.Chart) {
    return el('p', { class: 'note' }, 'No chart: the server found no Chart.js. On Debian: apt-get install ' +
      'libjs-chart.js, then reload. The numbers are in the table.');
  }
  const style = getComputedStyle(document.documentElement);
  const soft = style.getPropertyValue('--soft'), line = style.getPropertyValue('--line');
  const canvas = el('canvas', { role: 'img', 'aria-label': options.name || 'chart' });
  const holder = el('div', { class: 'canvas' }, canvas);
  if (options.height) holder.style.height = options.height + 'px';
  const number = { grid: { color: line }, ticks: { color: soft, callback: (v) => compact(v) }, beginAtZero: true };
  const text = { grid: { display: false }, ticks: { color: soft, maxRotation: 0, autoSkipPadding: 24 } };
  const horizontal = options.horizontal;
  if (horizontal) text.ticks = { color: soft, autoSkip: false };
  queueMicrotask(() => requestAnimationFrame(() => {
    if (!canvas.isConnected) return;
    charts.add(new window.Chart(canvas, {
      type,
      data: {
        labels,
        datasets: series.map((s, i) => {
          const color = palette[i % palette.length];
          return {
            label: s.name, data: s.data, borderColor: color, backgroundColor: type === 'line' ? color + '22' : color,
            borderWidth: type === 'line' ? 2 : 0, pointRadius: labels.length > 60 ? 0 : 2, pointHitRadius: 8,
            fill: type === 'line' && series.length === 1, maxBarThickness: 34,
          };
        }),
      },
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, indexAxis: horizontal ? 'y' : 'x',
        interaction: { mode: 'index', intersect: false, axis: horizontal ? 'y' : 'x' },
        scales: { x: horizontal ? number : { ...text, stacked: options.stacked },
          y: horizontal ? text : { ...number, stacked: options.stacked } },
        plugins: { legend: { display: series.length > 1, labels: { color: soft, boxWidth: 12 } } },
      },
    }));
  }));
  return holder;
}
