#!/usr/bin/env python3
"""Writes Sources/ApusEngine/System/Data from a PostgreSQL 15, so that our catalogs have its columns and OIDs.

    scripts/catalog-data.py 'host=/tmp/pg port=5432 user=postgres dbname=postgres'

Needs psycopg. The files are checked in: run this only to change what they hold.
"""
import pathlib
import sys

import psycopg

OUT = pathlib.Path(__file__).resolve().parent.parent / "Sources/ApusEngine/System/Data"

# The types of DataType.all, their arrays, and the pseudo-types that signatures name.
TYPES = """bool bytea char name int8 int2 int2vector int4 regproc text oid xid oidvector json pg_node_tree float4
float8 unknown aclitem bpchar varchar date time timestamp timestamptz interval numeric regprocedure regoper regoperator
regclass regtype record void uuid jsonb regnamespace regrole regcollation""".split()
PSEUDO = """any anyelement anyarray anynonarray anycompatible anycompatiblearray anycompatiblenonarray cstring internal
trigger""".split()

# Columns of types that we lack are shown as these.
SUBSTITUTES = {
    "anyarray": "_text", "pg_lsn": "text", "inet": "text", "pg_ndistinct": "text", "pg_dependencies": "text",
    "pg_mcv_list": "text", "_pg_statistic": "_text",
}

# Left out: what tells of PostgreSQL's own machinery, so that neither rows nor their absence would be true of us.
OMITTED = """pg_backend_memory_contexts pg_config pg_file_settings pg_hba_file_rules pg_ident_file_mappings
pg_init_privs
pg_parameter_acl pg_shmem_allocations pg_stat_archiver pg_stat_bgwriter
pg_stat_recovery_prefetch pg_stat_slru pg_stat_wal pg_stat_wal_receiver pg_statistic pg_statistic_ext_data
pg_stats_ext_exprs pg_subscription_rel pg_transform pg_replication_origin pg_replication_origin_status
sql_features sql_implementation_info sql_parts sql_sizing transforms
_pg_foreign_data_wrappers _pg_foreign_servers _pg_foreign_table_columns _pg_foreign_tables _pg_user_mappings
pg_stat_xact_all_tables pg_stat_xact_sys_tables pg_stat_xact_user_tables
udt_privileges role_udt_grants role_usage_grants usage_privileges
data_type_privileges""".split()


def swift(name, owns, doc, records, separator="\n"):
    """A file with one long text: records never hold a backslash or a quote unescaped."""
    lines = [f"// {name} owns {owns}", "// Written by scripts/catalog-data.py from PostgreSQL 15: do not edit.", "",
             f"/// {doc}", f"enum {name} {{", '  static let text = """']
    for record in records:
        record = record.replace("\\", "\\\\")
        indent = "    "
        while len(record) > 110:
            lines.append(indent + record[:110] + "\\")
            record = record[110:]
        lines.append(indent + record)
    lines += ['    """', "}", ""]
    (OUT / f"{name}.swift").write_text("\n".join(lines))
    print(name, len(lines), "lines")


def packed(items, separator):
    """Items joined into records of many, to keep files short."""
    return [separator.join(items)]


def main():
    db = psycopg.connect(sys.argv[1])
    run = lambda sql, *args: db.execute(sql, args).fetchall()
    names = TYPES + PSEUDO
    known = {oid: name for oid, name in run(
        "select oid, typname from pg_type where typnamespace = 11 and (typname = any(%s) or typelem in "
        "(select oid from pg_type where typname = any(%s) and typarray <> 0) and typname like '\\_%%')", names,
        TYPES + ["cstring"])}
    flag = lambda value: "t" if value else "f"

    rows = run("""
      select n.nspname, c.relname, c.oid, c.relkind, c.reltype, t.typarray, c.relisshared,
        array_agg(a.attname::text order by a.attnum), array_agg(bt.typname::text order by a.attnum),
        array_agg(a.attnotnull order by a.attnum)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 join pg_type at on at.oid = a.atttypid
      join pg_type bt on bt.oid = case when at.typtype = 'd' then at.typbasetype else at.oid end
      left join pg_type t on t.oid = c.reltype
      where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v')
      group by 1, 2, 3, 4, 5, 6, 7 order by 1 desc, 2""")
    for schema, file, owns in [
        ("pg_catalog", "CatalogRelationData", "the columns and OIDs of pg_catalog's relations."),
        ("information_schema", "InformationSchemaData", "the columns and OIDs of information_schema's relations."),
    ]:
        records = []
        for row in rows:
            if row[0] != schema or row[1] in OMITTED or row[1].startswith("pg_stat_progress"):
                continue
            columns = ",".join(
                f"{name}:{SUBSTITUTES.get(type, type)}{'!' if notnull else ''}"
                for name, type, notnull in zip(*row[7:]))
            kind = row[3] if not row[6] else "s"
            records.append(f"{row[1]} {row[2]} {kind} {row[4]} {row[5]} {columns}")
        doc = "A relation a line: name, OID, kind (s: shared table), row type, its array type, columns."
        swift(file, owns, doc, records)

    types = run("""
      select oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typsubscript::oid, typelem, typarray,
        typinput::oid, typoutput::oid, typreceive::oid, typsend::oid, typmodin::oid, typmodout::oid, typanalyze::oid,
        typalign, typstorage, typcollation from pg_type where oid = any(%s) order by oid""", list(known))
    swift("TypeData", "the rows of pg_type for the types that Apus has.",
          "A type a line: oid name len byval type category preferred subscript elem array in out receive send modin "
          "modout\n/// analyze align storage collation.",
          [" ".join(flag(v) if isinstance(v, bool) else str(v) for v in row) for row in types])
    io = {oid for row in types for oid in [row[7], *row[10:17]] if oid}

    functions = run("""
      select proname, oid, proargtypes::oid[], prorettype, proretset from pg_proc where pronamespace = 11
      order by proname, oid""")
    byname, omitted = {}, 0
    for name, oid, args, result, isset in functions:
        if (not all(a in known for a in args) or result not in known) or (
            oid not in io and any(known[a] in ("internal", "cstring") for a in [*args, result])):
            omitted += 1
            continue
        text = f"{oid}({','.join(known[a] for a in args)}){'*' if isset else ''}{known[result]}"
        byname.setdefault(name, []).append(text)
    swift("FunctionData", "the OIDs of PostgreSQL's functions.",
          "Functions by name: `name oid(arguments)result ...`; `*` before the result: a set.",
          packed([f"{name} {' '.join(texts)}" for name, texts in byname.items()], ";"))

    operators = run("""
      select oid, oprname, oprleft, oprright, oprresult, oprcode::oid, oprcode::text, oprcom, oprnegate, oprcanmerge,
        oprcanhash from pg_operator where oprnamespace = 11 order by oid""")
    records = []
    for oid, name, left, right, result, code, codename, com, negate, merge, hashes in operators:
        if (left and left not in known) or right not in known or result not in known:
            continue
        flags = ("m" if merge else "") + ("h" if hashes else "")
        records.append(
            f"{oid} {name} {known.get(left, '-')} {known[right]} {known[result]} {code} {codename} {com} {negate} "
            f"{flags or '-'}")
    swift("OperatorData", "the rows of pg_operator.",
          "Operators: oid name left right result code codename commutator negator flags(m: merge, h: hash).",
          packed(records, ";"))

    casts = run("""select oid, castsource, casttarget, castfunc, castcontext, castmethod from pg_cast order by oid""")
    swift("CastData", "the rows of pg_cast.", "Casts: oid source target function context method.",
          packed([f"{oid} {known[s]} {known[t]} {f} {c} {m}" for oid, s, t, f, c, m in casts
                  if s in known and t in known], ";"))

    words = run("select word, catcode::text, barelabel from pg_get_keywords() order by word")
    swift("KeywordData", "PostgreSQL's keywords.",
          "Each with its class (U, C, T, R) at the end, and `-` when it cannot be a label without AS.",
          packed([word.lower() + code + ("" if bare else "-") for word, code, bare in words], " "))


main()
