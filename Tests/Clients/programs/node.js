// node-pg against a real server. Prints a line a check: `ok NAME` or `FAIL NAME: why`.
'use strict'
const assert = require('assert')
const { Client, Pool, types } = require('pg')
const Cursor = require('pg-cursor')

const options = { connectionString: process.argv[2] }

async function withClient (run) {
  const client = new Client(options)
  await client.connect()
  try { return await run(client) } finally { await client.end() }
}

async function check (name, run) {
  try {
    await run()
    console.log(`ok ${name}`)
  } catch (error) {
    console.log(`FAIL ${name}: ${String(error.stack || error).split('\n').slice(0, 3).join(' ')}`)
  }
}

async function fails (code, promise) {
  await assert.rejects(promise, error => { assert.strictEqual(error.code, code, `${error.code}: ${error.message}`); return true })
}

async function main () {
  await check('values', () => withClient(async client => {
    const { rows, fields } = await client.query("SELECT 1::int AS i, 2::bigint AS b, 1.50::numeric AS n, 0.1::float8 AS f, " +
      "true AS t, 'ä' AS s, '{\"a\": [1]}'::jsonb AS j, array[1,2] AS a, array['x', NULL] AS texts, " +
      "'2026-01-02 03:04:05.678+00'::timestamptz AS at, '\\x00ff'::bytea AS data, NULL::int AS e, interval '1 day 2 hours' AS v")
    const row = rows[0]
    assert.strictEqual(row.v.days, 1)
    assert.strictEqual(row.v.hours, 2)
    delete row.v
    assert.deepStrictEqual(row, { i: 1, b: '2', n: '1.50', f: 0.1, t: true, s: 'ä', j: { a: [1] }, a: [1, 2],
      texts: ['x', null], at: new Date('2026-01-02T03:04:05.678Z'), data: Buffer.from([0, 255]), e: null })
    assert.strictEqual(fields[1].dataTypeID, types.builtins.INT8)
  }))
  await check('parameters', () => withClient(async client => {
    const moment = new Date('2026-01-02T03:04:05.678Z')
    const { rows } = await client.query('SELECT $1::int AS i, $2::text AS s, $3::jsonb AS j, $4::timestamptz AS at, $5::text[] AS a, ' +
      '$6::bool AS t, $7::float8 AS f, $8::text AS e', [7, "it's", { a: 1 }, moment, ['x', 'y,z'], false, 2.5, null])
    assert.deepStrictEqual(rows[0], { i: 7, s: "it's", j: { a: 1 }, at: moment, a: ['x', 'y,z'], t: false, f: 2.5, e: null })
  }))
  await check('binary', () => withClient(async client => {
    const { rows } = await client.query({ text: 'SELECT 7::int AS i, true AS t, 2.5::float8 AS f', values: [], binary: true })
    assert.deepStrictEqual(rows[0], { i: 7, t: true, f: 2.5 })
  }))
  await check('named_statements', () => withClient(async client => {
    for (let n = 0; n < 5; n++) {
      const { rows } = await client.query({ name: 'double', text: 'SELECT $1::int * 2 AS n', values: [n] })
      assert.strictEqual(rows[0].n, n * 2)
    }
  }))
  await check('tables_and_counts', () => withClient(async client => {
    await client.query('CREATE TABLE node_rows (id bigint, name text, doc jsonb)')
    for (let n = 0; n < 10; n++) {
      const { rowCount, command } = await client.query('INSERT INTO node_rows VALUES ($1, $2, $3)', [n, `name ${n}`, { n }])
      assert.deepStrictEqual([rowCount, command], [1, 'INSERT'])
    }
    const { rows, rowCount } = await client.query("SELECT name FROM node_rows WHERE (doc->>'n')::int > $1 ORDER BY id", [6])
    assert.strictEqual(rowCount, 3)
    assert.deepStrictEqual(rows.map(row => row.name), ['name 7', 'name 8', 'name 9'])
    const several = await client.query('SELECT 1 AS a; SELECT 2 AS b')
    assert.deepStrictEqual(several.map(result => result.rows[0]), [{ a: 1 }, { b: 2 }])
  }))
  await check('transactions', () => withClient(async client => {
    await client.query('CREATE TABLE node_tx (n bigint)')
    await client.query('BEGIN')
    await client.query('INSERT INTO node_tx VALUES (1)')
    await client.query('ROLLBACK')
    await client.query('BEGIN')
    await client.query('INSERT INTO node_tx VALUES (2)')
    await fails('22012', client.query('SELECT 1 / 0'))
    await fails('25P02', client.query('SELECT 1'))
    await client.query('ROLLBACK')
    assert.strictEqual((await client.query('SELECT count(*)::int AS n FROM node_tx')).rows[0].n, 0)
  }))
  await check('errors', () => withClient(async client => {
    await fails('42703', client.query('SELECT nope FROM events'))
    await fails('42P01', client.query('SELECT * FROM nowhere'))
    await fails('22P02', client.query('SELECT $1::bigint', ['x']))
    const error = await client.query('SELECT nope FROM events').catch(error => error)
    assert.strictEqual(error.position, '8')
  }))
  await check('cursors', () => withClient(async client => {
    const cursor = client.query(new Cursor('SELECT g::int AS g FROM generate_series(1, 1000) AS g'))
    let sum = 0
    for (;;) {
      const rows = await cursor.read(99)
      if (rows.length === 0) break
      for (const row of rows) sum += row.g
    }
    await cursor.close()
    assert.strictEqual(sum, 500500)
  }))
  await check('pools', async () => {
    const pool = new Pool({ ...options, max: 5 })
    const found = await Promise.all(Array.from({ length: 50 }, (_, n) => pool.query('SELECT $1::int AS n', [n])))
    assert.deepStrictEqual(found.map(result => result.rows[0].n), Array.from({ length: 50 }, (_, n) => n))
    await pool.end()
  })
  await check('events', () => withClient(async client => {
    await client.query("INSERT INTO events (time, event, user_id, event_id, properties) VALUES ($1, 'signup', 'u', 'node-1', $2)",
      [new Date('2026-01-02T03:04:05Z'), { country: 'DE' }])
    const { rows } = await client.query("SELECT distinct_id, properties->>'country' AS country FROM events WHERE event_id = 'node-1'")
    assert.deepStrictEqual(rows, [{ distinct_id: 'u', country: 'DE' }])
  }))
}

main()
