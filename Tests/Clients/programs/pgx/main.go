// pgx, natively and by database/sql, against a real server. Prints a line a check: `ok NAME` or `FAIL NAME: why`.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
	_ "github.com/jackc/pgx/v4/stdlib"
)

var (
	url     = os.Args[1]
	ctx     = context.Background()
	moment  = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
)

func check(name string, run func(*pgx.Conn) error) {
	connection, err := pgx.Connect(ctx, url)
	if err == nil {
		err = run(connection)
		connection.Close(ctx)
	}
	if err != nil {
		fmt.Printf("FAIL %s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", " "))
		return
	}
	fmt.Println("ok", name)
}

func same(got, wanted interface{}) error {
	if !reflect.DeepEqual(got, wanted) {
		return fmt.Errorf("got %v instead of %v", got, wanted)
	}
	return nil
}

func fails(state string, err error) error {
	var failure *pgconn.PgError
	if !errors.As(err, &failure) {
		return fmt.Errorf("%v instead of %s", err, state)
	}
	return same(failure.Code, state)
}

func first(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func values(connection *pgx.Conn) error {
	var (
		small  int16
		middle int32
		large  int64
		ratio  float64
		yes    bool
		text   string
		at     time.Time
		tags   []string
		data   []byte
		doc    map[string]interface{}
		null   *string
	)
	err := connection.QueryRow(ctx, `SELECT $1::int2, $2::int4, $3::int8, $4::float8, $5::bool, $6::text, $7::timestamptz,
		$8::text[], $9::bytea, $10::jsonb, $11::text`, 7, 70000, int64(1)<<40, 0.1, true, "it's ä", moment,
		[]string{"x", "y,z"}, []byte{0, 255}, map[string]int{"a": 1}, nil).
		Scan(&small, &middle, &large, &ratio, &yes, &text, &at, &tags, &data, &doc, &null)
	if err != nil {
		return err
	}
	return first(same(small, int16(7)), same(middle, int32(70000)), same(large, int64(1)<<40), same(ratio, 0.1),
		same(yes, true), same(text, "it's ä"), same(at.UTC(), moment), same(tags, []string{"x", "y,z"}),
		same(data, []byte{0, 255}), same(doc, map[string]interface{}{"a": 1.0}), same(null, (*string)(nil)))
}

func statements(connection *pgx.Conn) error {
	for n := int64(0); n < 10; n++ {
		var found int64
		if err := connection.QueryRow(ctx, "SELECT $1::bigint * 2", n).Scan(&found); err != nil {
			return err
		}
		if found != n*2 {
			return fmt.Errorf("%d", found)
		}
	}
	if _, err := connection.Prepare(ctx, "named", "SELECT $1::text || '!'"); err != nil {
		return err
	}
	var text string
	err := connection.QueryRow(ctx, "named", "hello").Scan(&text)
	return first(err, same(text, "hello!"), connection.Deallocate(ctx, "named"))
}

func batches(connection *pgx.Conn) error {
	batch := &pgx.Batch{}
	for n := 0; n < 100; n++ {
		batch.Queue("SELECT $1::int4", n)
	}
	results := connection.SendBatch(ctx, batch)
	defer results.Close()
	for n := 0; n < 100; n++ {
		var found int
		if err := results.QueryRow().Scan(&found); err != nil {
			return err
		}
		if found != n {
			return fmt.Errorf("%d", found)
		}
	}
	return nil
}

func copies(connection *pgx.Conn) error {
	if _, err := connection.Exec(ctx, "CREATE TABLE pgx_copy (id bigint, name text, at timestamptz, ratio float8)"); err != nil {
		return err
	}
	rows := make([][]interface{}, 5000)
	for n := range rows {
		rows[n] = []interface{}{int64(n), fmt.Sprintf("name %d", n), moment, float64(n) / 4}
	}
	// pgx copies in binary.
	count, err := connection.CopyFrom(ctx, pgx.Identifier{"pgx_copy"}, []string{"id", "name", "at", "ratio"}, pgx.CopyFromRows(rows))
	if err != nil {
		return err
	}
	var sum int64
	var ratio float64
	err = connection.QueryRow(ctx, "SELECT sum(id)::bigint, max(ratio) FROM pgx_copy WHERE at = $1", moment).Scan(&sum, &ratio)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	_, err = connection.PgConn().CopyTo(ctx, &out, "COPY (SELECT id FROM pgx_copy WHERE id < 2 ORDER BY id) TO STDOUT")
	return first(err, same(count, int64(5000)), same(sum, int64(12497500)), same(ratio, 1249.75), same(out.String(), "0\n1\n"))
}

func transactions(connection *pgx.Conn) error {
	if _, err := connection.Exec(ctx, "CREATE TABLE pgx_tx (n bigint)"); err != nil {
		return err
	}
	err := connection.BeginFunc(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO pgx_tx VALUES (1)"); err != nil {
			return err
		}
		// A transaction within one is a savepoint.
		inner := tx.BeginFunc(ctx, func(nested pgx.Tx) error {
			if _, err := nested.Exec(ctx, "INSERT INTO pgx_tx VALUES (2)"); err != nil {
				return err
			}
			return errors.New("no")
		})
		return same(inner.Error(), "no")
	})
	if err != nil {
		return err
	}
	var count int
	err = connection.QueryRow(ctx, "SELECT count(*) FROM pgx_tx").Scan(&count)
	if err = first(err, same(count, 1)); err != nil {
		return err
	}
	tx, err := connection.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO pgx_tx VALUES (3)")
	return first(fails("25006", err), tx.Rollback(ctx))
}

func failures(connection *pgx.Conn) error {
	for sql, state := range map[string]string{"SELECT nope FROM events": "42703", "SELECT * FROM nowhere": "42P01",
		"SELEC 1": "42601", "SELECT 'x'::bigint": "22P02", "SELECT 1 / 0": "22012"} {
		_, err := connection.Exec(ctx, sql)
		if err = fails(state, err); err != nil {
			return err
		}
	}
	return connection.Ping(ctx)
}

func cancelled(connection *pgx.Conn) error {
	short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	started := time.Now()
	_, err := connection.Exec(short, "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a * b % 7 = 3")
	if err == nil || time.Since(started) > 5*time.Second {
		return fmt.Errorf("%v after %v", err, time.Since(started))
	}
	return nil
}

func simple(*pgx.Conn) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	config.PreferSimpleProtocol = true
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	var sum int
	var text string
	err = connection.QueryRow(ctx, "SELECT $1::int + $2::int, $3::text", 1, 2, "it's").Scan(&sum, &text)
	return first(err, same(sum, 3), same(text, "it's"))
}

func databaseSQL(*pgx.Conn) error {
	pool, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err = pool.Exec("INSERT INTO events (time, event, user_id, event_id) VALUES ($1, 'signup', 'u', 'pgx-1')", moment); err != nil {
		return err
	}
	var user string
	var at time.Time
	err = pool.QueryRow("SELECT distinct_id, time FROM events WHERE event_id = $1", "pgx-1").Scan(&user, &at)
	if err = first(err, same(user, "u"), same(at.UTC(), moment)); err != nil {
		return err
	}
	rows, err := pool.Query("SELECT g FROM generate_series(1, 1000) AS g")
	if err != nil {
		return err
	}
	defer rows.Close()
	sum := 0
	for rows.Next() {
		var n int
		if err = rows.Scan(&n); err != nil {
			return err
		}
		sum += n
	}
	types, err := pool.Query("SELECT 1::bigint AS a, 'x'::text AS b")
	if err != nil {
		return err
	}
	defer types.Close()
	columns, err := types.ColumnTypes()
	return first(err, rows.Err(), same(sum, 500500), same(columns[0].DatabaseTypeName(), "INT8"), same(columns[1].Name(), "b"))
}

func main() {
	check("values_in_binary", values)
	check("prepared_statements", statements)
	check("batches", batches)
	check("copy_in_binary", copies)
	check("transactions", transactions)
	check("errors", failures)
	check("cancel", cancelled)
	check("simple_protocol", simple)
	check("database_sql", databaseSQL)
}
