"""asyncpg: binary throughout, prepared statements, introspection of types, COPY."""
import asyncio
import datetime

import asyncpg

CLIENT = "asyncpg"


def version():
    return asyncpg.__version__


CONNECT = '`await asyncpg.connect("postgres://apus@HOST:7432/apus")`'
LACKS = ""


MOMENT = datetime.datetime(2024, 2, 29, 12, 34, 56, 789000, tzinfo=datetime.timezone.utc)


def with_connection(server, work):
    async def run():
        connection = await asyncpg.connect(server.url, timeout=20)
        try:
            await asyncio.wait_for(work(connection), 60)
        finally:
            await connection.close()
    asyncio.run(run())


def test_values(server):
    async def work(connection):
        row = await connection.fetchrow(
            "SELECT $1::bigint AS a, $2::float8 AS b, $3::text AS c, $4::bool AS d, $5::timestamptz AS e, $6::jsonb AS f, "
            "$7::text AS g", 1, 2.5, "x", True, MOMENT, '{"k": 1}', None)
        assert tuple(row) == (1, 2.5, "x", True, MOMENT, '{"k": 1}', None), row
    with_connection(server, work)


def test_insert_and_select(server):
    async def work(connection):
        await connection.execute("CREATE TABLE apg (id bigint, name text, at timestamptz)")
        status = await connection.execute("INSERT INTO apg VALUES ($1, $2, $3)", 1, "one", MOMENT)
        assert status == "INSERT 0 1", status
        await connection.executemany("INSERT INTO apg VALUES ($1, $2, $3)", [(n, f"n{n}", None) for n in range(2, 40)])
        assert await connection.fetchval("SELECT count(*) FROM apg") == 39
        row = await connection.fetchrow("SELECT * FROM apg WHERE id = $1", 1)
        assert tuple(row) == (1, "one", MOMENT)
    with_connection(server, work)


def test_prepared_statement(server):
    async def work(connection):
        statement = await connection.prepare("SELECT $1::bigint + $2::bigint AS total")
        assert [parameter.name for parameter in statement.get_parameters()] == ["int8", "int8"]
        assert [attribute.name for attribute in statement.get_attributes()] == ["total"]
        for number in range(10):
            assert await statement.fetchval(number, 1) == number + 1
    with_connection(server, work)


def test_parameter_types_are_inferred(server):
    async def work(connection):
        rows = await connection.fetch("SELECT event FROM events WHERE event = $1 AND time > $2 LIMIT $3", "x", MOMENT, 5)
        assert rows == []
    with_connection(server, work)


def test_transactions(server):
    async def work(connection):
        await connection.execute("CREATE TABLE apg_tx (id bigint)")
        async with connection.transaction():
            await connection.execute("INSERT INTO apg_tx VALUES (1)")
        try:
            async with connection.transaction():
                await connection.execute("INSERT INTO apg_tx VALUES (2)")
                raise RuntimeError
        except RuntimeError:
            pass
        assert await connection.fetchval("SELECT count(*) FROM apg_tx") == 1
    with_connection(server, work)


def test_cursor(server):
    async def work(connection):
        await connection.execute("CREATE TABLE apg_cursor (id bigint)")
        await connection.executemany("INSERT INTO apg_cursor VALUES ($1)", [(n,) for n in range(500)])
        seen = []
        async with connection.transaction():
            async for row in connection.cursor("SELECT id FROM apg_cursor ORDER BY id", prefetch=50):
                seen.append(row[0])
        assert seen == list(range(500))
    with_connection(server, work)


def test_errors(server):
    async def work(connection):
        for sql, kind in (("SELECT nope", asyncpg.UndefinedColumnError), ("SELECT 1/0", asyncpg.DivisionByZeroError),
                          ("SELECT * FROM nowhere", asyncpg.UndefinedTableError)):
            try:
                await connection.fetch(sql)
            except kind:
                continue
            raise AssertionError(f"no error for {sql}")
        assert await connection.fetchval("SELECT 1") == 1
    with_connection(server, work)


def test_copy_csv(server):
    async def work(connection):
        import io
        await connection.execute("CREATE TABLE apg_copy (id bigint, name text)")
        status = await connection.copy_to_table("apg_copy", source=io.BytesIO(b"1,one\n2,\n"), format="csv")
        assert status == "COPY 2", status
        assert await connection.fetchval("SELECT count(name) FROM apg_copy") == 1
    with_connection(server, work)
