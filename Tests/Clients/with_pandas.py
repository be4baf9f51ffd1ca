"""pandas: read_sql and to_sql over SQLAlchemy."""
CLIENT = "pandas"
CONNECT = "an engine of SQLAlchemy's for `read_sql` and `to_sql`"
LACKS = "an index of the frame becomes a column without an index"


def version():
    from importlib.metadata import version
    return version("pandas")


def engine(server):
    import sqlalchemy
    return sqlalchemy.create_engine(server.url.replace("postgres://", "postgresql+psycopg://"))


def frame():
    import pandas
    return pandas.DataFrame({
        "n": range(1000), "ratio": [n / 8 for n in range(1000)], "name": [f"name {n % 5}" for n in range(1000)],
        "ok": [n % 2 == 0 for n in range(1000)],
        "at": pandas.date_range("2026-01-01", periods=1000, freq="h", tz="UTC")})


def test_to_sql_and_read_sql(server):
    import pandas
    e = engine(server)
    assert frame().to_sql("pan_rows", e, index=False) is not None
    back = pandas.read_sql("SELECT * FROM pan_rows ORDER BY n", e)
    assert len(back) == 1000 and list(back.columns) == ["n", "ratio", "name", "ok", "at"]
    assert back["n"].sum() == 499_500 and back["ratio"].iloc[7] == 0.875 and back["ok"].sum() == 500
    assert str(back["at"].iloc[25]) == "2026-01-02 01:00:00+00:00", back["at"].iloc[25]
    grouped = pandas.read_sql("SELECT name, count(*) AS n, avg(ratio) AS mean FROM pan_rows GROUP BY name ORDER BY name", e)
    assert grouped["n"].tolist() == [200] * 5


def test_append_replace_and_multi(server):
    import pandas
    e = engine(server)
    frame().to_sql("pan_more", e, index=False, method="multi", chunksize=100)
    frame().head(10).to_sql("pan_more", e, index=False, if_exists="append")
    assert pandas.read_sql("SELECT count(*) AS n FROM pan_more", e)["n"].item() == 1010
    frame().head(3).to_sql("pan_more", e, index=False, if_exists="replace")
    assert pandas.read_sql("SELECT count(*) AS n FROM pan_more", e)["n"].item() == 3
    try:
        frame().to_sql("pan_more", e, index=False)
    except ValueError as error:
        assert "already exists" in str(error)
    else:
        raise AssertionError("to_sql wrote over a table")


def test_read_sql_table_and_parameters(server):
    import pandas
    import sqlalchemy
    e = engine(server)
    frame().head(20).to_sql("pan_table", e, index=False)
    table = pandas.read_sql_table("pan_table", e, columns=["n", "name"])
    assert table.shape == (20, 2)
    found = pandas.read_sql(sqlalchemy.text("SELECT n FROM pan_table WHERE n < :top AND name = :name ORDER BY n"), e,
                            params={"top": 12, "name": "name 1"})
    assert found["n"].tolist() == [1, 6, 11]
    parts = list(pandas.read_sql("SELECT n FROM pan_table", e, chunksize=6))
    assert [len(part) for part in parts] == [6, 6, 6, 2]


def test_dtypes(server):
    import pandas
    e = engine(server)
    found = pandas.read_sql("SELECT 1::smallint AS s, 2::int AS i, 3::bigint AS b, 1.5::real AS r, 2.5::float8 AS f, "
                            "true AS t, 'x' AS x, DATE '2026-01-02' AS d, 1.25::numeric AS n, NULL::int AS e", e)
    kinds = {name: kind.kind for name, kind in found.dtypes.items()}
    assert (kinds["s"], kinds["i"], kinds["b"], kinds["f"], kinds["t"]) == ("i", "i", "i", "f", "b"), kinds
