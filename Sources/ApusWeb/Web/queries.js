// The SQL that the dashboard asks: pure functions from its state to text, so that every number can be asked again.

export const MEASURES = { events: 'Events', users: 'Unique users' };
export const OPERATORS = {
  is: 'is', not: 'is not', contains: 'contains', gt: '>', lt: '<', set: 'is set', unset: 'is not set',
};
export const RANGES = {
  '1m': ['1 min', 60], '5m': ['5 min', 300], '1h': ['1 hour', 3600], '1d': ['1 day', 86400], '7d': ['7 days', 604800],
  '30d': ['30 days', 2592000], '90d': ['90 days', 7776000], custom: ['Custom', 0],
};
export const BUCKETS = {
  '1s': ['1 second', 1], '10s': ['10 seconds', 10], '1m': ['1 minute', 60], '5m': ['5 minutes', 300],
  '1h': ['1 hour', 3600], '1d': ['1 day', 86400], '1w': ['1 week', 604800],
};
const MONDAY = Date.UTC(2000, 0, 3) / 1000;
const POINTS_MAX = 2000;

export const literal = (text) => `'${String(text).replaceAll("'", "''")}'`;
export const identifier = (name) => `"${String(name).replaceAll('"', '""')}"`;
const stamp = (seconds) => `${literal(new Date(seconds * 1000).toISOString())}::timestamptz`;

/** A field is `column` or `column.path.of.keys` of a jsonb column: its value as text. */
export function fieldSQL(field, alias) {
  const column = (alias ? alias + '.' : '') + identifier(field.column);
  if (!field.path) return field.type === 'text' ? column : `${column}::text`;
  const keys = field.path.split('.');
  if (keys.length === 1) return `${column}->>${literal(keys[0])}`;
  return `${column}#>>${literal('{' + keys.map((k) => `"${k.replace(/["\\]/g, '\\$&')}"`).join(',') + '}')}`;
}

export function filterSQL(filter, fields, alias) {
  const field = fields.get(filter[0]);
  if (!field) throw new Error(`There is no field "${filter[0]}" in this table.`);
  const value = `(${fieldSQL(field, alias)})`;
  switch (filter[1]) {
    case 'is': return `${value} = ${literal(filter[2])}`;
    case 'not': return `${value} IS DISTINCT FROM ${literal(filter[2])}`;
    case 'contains': return `strpos(lower(${value}), lower(${literal(filter[2])})) > 0`;
    case 'set': return `${value} IS NOT NULL`;
    case 'unset': return `${value} IS NULL`;
    case 'gt':
    case 'lt': {
      if (filter[2].trim() === '' || !Number.isFinite(Number(filter[2])))
        throw new Error(`"${filter[2]}" is no number: > and < compare numbers.`);
      const number = "'^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]{1,2})?$'";
      return `CASE WHEN ${value} ~ ${number} THEN ${value}::float8 ${filter[1] === 'gt' ? '>' : '<'} ` +
        `${Number(filter[2])} ELSE false END`;
    }
    default: throw new Error(`unknown operator ${filter[1]}`);
  }
}

/** Seconds since 1970 of the range's ends. A live range ends now. */
export function rangeOf(state, now = Date.now() / 1000) {
  if (state.range !== 'custom') return { from: now - RANGES[state.range][1], to: now };
  const from = Date.parse(state.from + 'Z') / 1000, to = Date.parse(state.to + 'Z') / 1000;
  if (!(from < to)) throw new Error('The custom range needs a beginning before its end.');
  return { from, to };
}

export function bucketOf(state, { from, to }) {
  const length = to - from;
  let key = state.bucket;
  if (!BUCKETS[key]) key = Object.keys(BUCKETS).find((k) => length / BUCKETS[k][1] <= 200) || '1w';
  const seconds = BUCKETS[key][1];
  if (length / seconds > POINTS_MAX) {
    throw new Error(`Steps of ${BUCKETS[key][0]} would make ${Math.ceil(length / seconds)} points here, ` +
      `more than ${POINTS_MAX}. Choose a longer step or a shorter range.`);
  }
  return { key, seconds, name: BUCKETS[key][0] };
}

/** Every bucket of the range, so that those without events are shown as zero. Origins are time_bucket's. */
export function bucketsOf({ from, to }, { seconds }) {
  const origin = seconds % 604800 === 0 ? MONDAY : 0;
  const list = [];
  for (let t = origin + Math.floor((from - origin) / seconds) * seconds; t < to; t += seconds) list.push(t);
  return list;
}

export function conditions(state, schema, { from, to }, alias) {
  const time = (alias ? alias + '.' : '') + identifier(schema.time);
  const list = [`${time} >= ${stamp(from)}`, `${time} < ${stamp(to)}`];
  for (const filter of state.filters) list.push(filterSQL(filter, schema.fields, alias));
  return list.join('\n  AND ');
}

const table = (schema) => identifier(schema.table);
const users = (schema) => (schema.user ? `count(DISTINCT ${identifier(schema.user)})` : 'NULL::bigint');
const measure = (state, schema) => (state.measure === 'users' && schema.user ? 'users' : 'events');

export function totalsSQL(state, schema, range) {
  return `SELECT count(*) AS events, ${users(schema)} AS users\nFROM ${table(schema)}\n` +
    `WHERE ${conditions(state, schema, range)}`;
}

export function trendSQL(state, schema, range, bucket, values) {
  const by = values ? schema.fields.get(state.by) : null;
  const bucketExpression = `time_bucket(${literal(bucket.name)}::interval, ${identifier(schema.time)})`;
  let where = conditions(state, schema, range);
  if (by) {
    const texts = values.filter((v) => v !== null).map(literal).join(', ');
    const parts = [];
    if (texts) parts.push(`(${fieldSQL(by)}) IN (${texts})`);
    if (values.includes(null)) parts.push(`(${fieldSQL(by)}) IS NULL`);
    where += `\n  AND (${parts.join(' OR ')})`;
  }
  const value = by ? `\n  ${fieldSQL(by)} AS value,` : '';
  return `SELECT extract(epoch FROM ${bucketExpression})::float8 AS bucket,${value}` +
    `\n  count(*) AS events, ${users(schema)} AS users\nFROM ${table(schema)}\nWHERE ${where}\n` +
    `GROUP BY ${by ? '1, 2' : '1'}\nORDER BY 1`;
}

export function topSQL(state, schema, range, fieldName, limit) {
  const field = schema.fields.get(fieldName);
  if (!field) throw new Error(`There is no field "${fieldName}" in this table.`);
  return `SELECT ${fieldSQL(field)} AS value, count(*) AS events, ${users(schema)} AS users\nFROM ${table(schema)}\n` +
    `WHERE ${conditions(state, schema, range)}\nGROUP BY 1\nORDER BY ${measure(state, schema)} DESC, value\n` +
    `LIMIT ${Number(limit)}`;
}

/** Values to offer for a field. */
export function suggestSQL(schema, fieldName) {
  const field = schema.fields.get(fieldName);
  return `SELECT ${fieldSQL(field)} AS value, count(*) AS events FROM ${table(schema)}\n` +
    `WHERE (${fieldSQL(field)}) IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 50`;
}

/**
 * For each user the first event of step 1 in the range starts the clock; each later step is the user's first such
 * event strictly after the step before, within the window from step 1. Filters hold for every step.
 */
export function funnelSQL(state, schema, range) {
  if (!schema.user) throw new Error('This table has no distinct_id, user_id or anonymous_id: a funnel needs users.');
  if (!schema.event) throw new Error('This table has no column "event": a funnel needs one.');
  const steps = state.steps.filter((s) => s);
  if (steps.length < 2) throw new Error('Choose at least two steps.');
  const user = identifier(schema.user), time = identifier(schema.time), event = identifier(schema.event);
  const window = `${literal(state.window)}::interval`;
  const parts = [`s1 AS (\n  SELECT ${user} AS u, min(${time}) AS t1, min(${time}) AS t\n  FROM ${table(schema)}\n` +
    `  WHERE ${event} = ${literal(steps[0])} AND ${user} IS NOT NULL\n  AND ` +
    `${conditions(state, schema, range)}\n  GROUP BY 1)`];
  steps.slice(1).forEach((step, i) => {
    parts.push(`s${i + 2} AS (\n  SELECT s.u AS u, s.t1 AS t1, min(e.${time}) AS t\n  FROM s${i + 1} s ` +
      `JOIN ${table(schema)} e ON e.${user} = s.u AND e.${time} > s.t AND e.${time} <= s.t1 + ${window}\n` +
      `  WHERE e.${event} = ${literal(step)}\n  AND ${conditions(state, schema, range, 'e')}\n  GROUP BY 1, 2)`);
  });
  const selects = steps.map((_, i) => `SELECT ${i + 1} AS step, count(*) AS users, ` +
    (i ? 'percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t - t1)::float8)' : 'NULL::float8') +
    ` AS median_seconds FROM s${i + 1}`);
  return `WITH ${parts.join(',\n')}\n${selects.join('\nUNION ALL ')}\nORDER BY 1`;
}

/** Weeks begin on Monday, UTC. The cohort is the week of a user's first event ever that passes the filters. */
export function retentionSQL(state, schema, now = Date.now() / 1000) {
  if (!schema.user) throw new Error('This table has no distinct_id, user_id or anonymous_id: retention needs users.');
  const user = identifier(schema.user), time = identifier(schema.time);
  const first = MONDAY + (Math.floor((now - MONDAY) / 604800) - Number(state.weeks) + 1) * 604800;
  const passes = state.filters.map((f) => `\n  AND ${filterSQL(f, schema.fields)}`).join('');
  const event = (name) => (name && schema.event ? `\n  AND ${identifier(schema.event)} = ${literal(name)}` : '');
  return `WITH starts AS (\n  SELECT ${user} AS u, date_trunc('week', min(${time}), 'UTC') AS cohort\n` +
    `  FROM ${table(schema)}\n  WHERE ${user} IS NOT NULL${event(state.start)}${passes}\n  GROUP BY 1),\n` +
    `active AS (\n  SELECT DISTINCT ${user} AS u, date_trunc('week', ${time}, 'UTC') AS week\n` +
    `  FROM ${table(schema)}\n  WHERE ${time} >= ${stamp(first)}${event(state.back)}${passes})\n` +
    `SELECT extract(epoch FROM s.cohort)::float8 AS cohort, NULL::int AS week, count(*) AS users\n` +
    `FROM starts s WHERE s.cohort >= ${stamp(first)} GROUP BY 1\nUNION ALL\n` +
    `SELECT extract(epoch FROM s.cohort)::float8, round(extract(epoch FROM a.week - s.cohort) / 604800)::int,\n` +
    `  count(*)\nFROM starts s JOIN active a ON a.u = s.u\n` +
    `WHERE s.cohort >= ${stamp(first)} AND a.week >= s.cohort\nGROUP BY 1, 2\nORDER BY 1, 2`;
}
