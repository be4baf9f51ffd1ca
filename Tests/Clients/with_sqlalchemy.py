"""SQLAlchemy 2: reflection of tables, columns, views and indexes, DDL from models, the ORM, cursors on the server."""
import datetime
import decimal

CLIENT = "SQLAlchemy"
CONNECT = '`create_engine("postgresql+psycopg://apus@HOST:7432/apus")`; psycopg2 too'
LACKS = "primary and foreign keys, sequences (`Identity`, `autoincrement`): models name their key in `__mapper_args__`"
UTC = datetime.timezone.utc


def version():
    from importlib.metadata import version
    return version("sqlalchemy") + " (psycopg)"


def engine(server, **options):
    import sqlalchemy
    return sqlalchemy.create_engine(server.url.replace("postgres://", "postgresql+psycopg://"), **options)


def test_reflection(server):
    import sqlalchemy
    with engine(server).begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE alc_reflect (id bigint NOT NULL, small smallint, label varchar(20), "
                                           "price numeric(12,2), ok boolean DEFAULT true, at timestamptz, day date, doc jsonb, "
                                           "tags text[], ratio double precision)"))
        connection.execute(sqlalchemy.text("CREATE VIEW alc_view AS SELECT id, price * 2 AS doubled FROM alc_reflect"))
    inspector = sqlalchemy.inspect(engine(server))
    assert inspector.default_schema_name == "public"
    assert {"public", "apus", "information_schema"} <= set(inspector.get_schema_names()), inspector.get_schema_names()
    assert {"events", "alc_reflect"} <= set(inspector.get_table_names()), inspector.get_table_names()
    assert {"users", "identities", "alc_view"} <= set(inspector.get_view_names()), inspector.get_view_names()
    columns = {column["name"]: column for column in inspector.get_columns("alc_reflect")}
    kinds = {name: str(column["type"]) for name, column in columns.items()}
    assert kinds == {"id": "BIGINT", "small": "SMALLINT", "label": "VARCHAR(20)", "price": "NUMERIC(12, 2)",
                     "ok": "BOOLEAN", "at": "TIMESTAMP", "day": "DATE", "doc": "JSONB", "tags": "ARRAY",
                     "ratio": "DOUBLE PRECISION"}, kinds
    assert columns["at"]["type"].timezone is True
    assert [columns[n]["nullable"] for n in ("id", "small")] == [False, True]
    assert columns["ok"]["default"] == "true", columns["ok"]
    events = {column["name"]: column for column in inspector.get_columns("events")}
    assert events["distinct_id"]["computed"]["sqltext"] == "COALESCE(user_id, anonymous_id)", events["distinct_id"]
    assert [c["name"] for c in inspector.get_columns("alc_view")] == ["id", "doubled"]
    assert "alc_reflect" in inspector.get_view_definition("alc_view")
    assert inspector.get_indexes("alc_reflect") == [] and inspector.get_foreign_keys("alc_reflect") == []
    assert inspector.get_pk_constraint("alc_reflect")["constrained_columns"] == []
    assert inspector.get_unique_constraints("alc_reflect") == [] and inspector.get_check_constraints("alc_reflect") == []
    assert inspector.get_table_comment("alc_reflect") == {"text": None}
    assert inspector.get_sequence_names() == [] and inspector.get_enums() == [] and inspector.get_domains() == []
    assert inspector.has_table("events") and not inspector.has_table("nowhere") and inspector.has_table("alc_view")
    assert inspector.get_multi_columns(), "all tables at once"
    assert inspector.get_materialized_view_names() == []


def test_metadata_reflects_everything(server):
    import sqlalchemy
    metadata = sqlalchemy.MetaData()
    metadata.reflect(engine(server), views=True)
    assert {"events", "users", "identities"} <= set(metadata.tables), metadata.tables.keys()
    system = sqlalchemy.MetaData()
    system.reflect(engine(server), schema="apus", views=True)
    assert "apus.queries" in system.tables or not system.tables, system.tables.keys()


def test_tables_of_models_and_their_rows(server):
    import sqlalchemy
    from sqlalchemy import Numeric, String, func, select
    from sqlalchemy.dialects.postgresql import ARRAY, JSONB
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    class Base(DeclarativeBase):
        pass

    class Order(Base):
        __tablename__ = "alc_orders"
        # Apus has no primary keys: the ORM is told what tells rows apart, and the table has no constraint.
        order_id: Mapped[str] = mapped_column(String(20))
        amount: Mapped[decimal.Decimal] = mapped_column(Numeric(12, 2))
        paid: Mapped[bool]
        at: Mapped[datetime.datetime] = mapped_column(sqlalchemy.DateTime(timezone=True))
        tags: Mapped[list[str]] = mapped_column(ARRAY(sqlalchemy.Text))
        details: Mapped[dict] = mapped_column(JSONB)
        note: Mapped[str | None]
        __mapper_args__ = {"primary_key": [order_id]}

    e = engine(server)
    Base.metadata.create_all(e)
    Base.metadata.create_all(e)
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    with Session(e) as session:
        session.add_all([Order(order_id=f"o{n}", amount=decimal.Decimal(n) / 4, paid=n % 2 == 0, at=moment,
                               tags=["a", f"t{n}"], details={"n": n}) for n in range(20)])
        session.commit()
    with Session(e) as session:
        order = session.scalars(select(Order).where(Order.order_id == "o7")).one()
        assert (order.amount, order.paid, order.at, order.tags, order.details, order.note) == (
            decimal.Decimal("1.75"), False, moment, ["a", "t7"], {"n": 7}, None)
        rows = session.execute(select(Order.paid, func.count(), func.sum(Order.amount)).group_by(Order.paid)
                               .order_by(Order.paid)).all()
        assert [tuple(row) for row in rows] == [(False, 10, decimal.Decimal("25.00")), (True, 10, decimal.Decimal("22.50"))]
        assert session.scalar(select(func.count()).select_from(Order).where(Order.details["n"].as_integer() > 15)) == 4
        assert session.scalar(select(func.count()).select_from(Order).where(Order.order_id.in_(["o1", "o2", "x"]))) == 2
        assert session.scalar(select(func.count()).select_from(Order).where(Order.tags.any("t3"))) == 1
    with Session(e) as session:
        session.add(Order(order_id="gone", amount=1, paid=True, at=moment, tags=[], details={}))
        session.flush()
        session.rollback()
        assert session.scalar(select(func.count()).select_from(Order)) == 20


def test_ddl_from_metadata(server):
    import sqlalchemy
    e = engine(server)
    metadata = sqlalchemy.MetaData()
    table = sqlalchemy.Table("alc_ddl", metadata, sqlalchemy.Column("a", sqlalchemy.Integer, nullable=False),
                             sqlalchemy.Column("b", sqlalchemy.Text, server_default="x"))
    metadata.create_all(e)
    with e.begin() as connection:
        connection.execute(table.insert(), [{"a": 1}, {"a": 2}])
        assert connection.execute(table.select().order_by(table.c.a)).all() == [(1, "x"), (2, "x")]
    reflected = sqlalchemy.Table("alc_ddl", sqlalchemy.MetaData(), autoload_with=e)
    assert [c.name for c in reflected.columns] == ["a", "b"] and not reflected.c.a.nullable
    metadata.drop_all(e)
    assert not sqlalchemy.inspect(e).has_table("alc_ddl")


def test_rows_in_parts(server):
    import sqlalchemy
    with engine(server).connect().execution_options(stream_results=True, yield_per=1000) as connection:
        result = connection.execute(sqlalchemy.text("SELECT g FROM generate_series(1, 10000) AS g"))
        assert sum(row.g for row in result) == 50_005_000


def test_isolation_levels_and_savepoints(server):
    import sqlalchemy
    e = engine(server)
    for level in ("AUTOCOMMIT", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        with e.connect().execution_options(isolation_level=level) as connection:
            assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
            assert level == "AUTOCOMMIT" or connection.get_isolation_level() == level
    with e.connect() as connection:
        assert connection.get_isolation_level() == "READ COMMITTED"
        with connection.begin_nested():
            connection.execute(sqlalchemy.text("SELECT 1"))


def test_psycopg2(server):
    import sqlalchemy
    e = sqlalchemy.create_engine(server.url.replace("postgres://", "postgresql+psycopg2://"))
    assert "events" in sqlalchemy.inspect(e).get_table_names()
    with e.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT :a + 1"), {"a": 41}).scalar() == 42
        assert connection.execute(sqlalchemy.text("SELECT '{\"a\": 1}'::jsonb")).scalar() == {"a": 1}
