// What the optimiser makes of plans, as EXPLAIN shows it.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import Testing

@Suite struct `Column pruning` {
  @Test func `count of all rows reads no column`() throws {
    #expect(
      try explained("select count(*) from events") == [
        "Aggregate", "  Aggregates: count(*)", "  ->  Scan on events",
      ])
  }

  @Test func `a scan reads only what the query names`() throws {
    let lines = try explained("select event from (select * from events) e where session_id = 'x'")
    #expect(lines.first == "Scan on events  (columns: event, session_id)")
  }

  @Test func `columns that only a filter needs come last and are not given on`() throws {
    let bound = try bind("select event from events where session_id = 'x'")
    let catalog = TestCatalog()
    let plan = try Optimiser.optimise(bound.plan, functions: catalog.functions, context: catalog.context)
    guard case .scan(let scan) = plan else {
      Issue.record("not a scan: \(ExplainPrinter.lines(plan))")
      return
    }
    #expect(scan.filterOnlyColumns == 1)
    #expect(plan.fields.map(\.name) == ["event"])
    #expect(scan.columns.map(\.column.value) == [2, 6])
  }

  @Test func `a generated column reads what it is computed from`() throws {
    let lines = try explained("select count(distinct distinct_id) from events")
    #expect(lines.last == "  ->  Scan on events  (columns: user_id, anonymous_id)")
  }

  @Test func `the branches of UNION ALL are pruned alike`() throws {
    let lines = try explained(
      "select a from (select id a, name b from users union all select small, code from users) x")
    #expect(
      lines.filter { $0.contains("Scan on") }.map { $0.split(separator: "(")[1] } == [
        "columns: id)", "columns: small)",
      ])
  }

  @Test func `aggregates that nothing reads are not computed`() throws {
    let lines = try explained("select n from (select name n, sum(id), count(*) c from users group by name) x")
    #expect(lines == ["Unique", "  Group Key: name", "  ->  Scan on users  (columns: name)"])
  }
}

@Suite struct `Paths into jsonb` {
  private func paths(_ sql: String) throws -> String? {
    try explained(sql).last { $0.contains("Scan on events") }.map { String($0.drop { $0 != "(" }) }
  }

  @Test func `become columns of the scan, by their own types`() throws {
    #expect(
      try paths("select properties->>'a', (properties->>'b')::int, properties->'c'->'d' from events")
        == "(paths: properties->>'a', (properties->>'b')::integer, properties->'c'->'d')")
    #expect(
      try paths("select sum((properties#>>'{a,b}')::float8) from events")
        == "(paths: (properties->'a'->>'b')::double precision)")
  }

  @Test func `of a subquery's path are one path`() throws {
    #expect(
      try paths("select p->>'b' from (select properties->'a' as p, event from events) x where event = 'y'")
        == "(columns: event; paths: properties->'a'->>'b')")
  }

  @Test func `are found above joins`() throws {
    #expect(
      try paths("select e.properties->>'a' from users u join events e on u.name = e.user_id")
        == "(columns: user_id; paths: properties->>'a')")
  }

  @Test func `that may mean elements of an array are computed from the whole value`() throws {
    #expect(try paths("select properties->0, properties#>'{a,0}' from events") == "(columns: properties)")
  }

  @Test func `with a modifier keep the modifier's cast above`() throws {
    #expect(
      try explained("select (properties->>'a')::numeric from events").first
        == "Scan on events  (paths: (properties->>'a')::numeric)")
    let lines = try explained("select (properties->>'a')::numeric(5,2) from events")
    #expect(lines.last == "  ->  Scan on events  (paths: (properties->>'a')::numeric)")
  }
}

@Suite struct `Conditions` {
  @Test func `go down through subqueries, groupings and joins`() throws {
    let lines = try explained(
      "select * from (select e.event, u.id, count(*) from events e join users u on e.user_id = u.name group by 1, 2) x "
        + "where event = 'a' and id > 3 and count > 1")
    #expect(
      lines == [
        "Filter", "  Filter: (count > 1)", "  ->  HashAggregate", "        Group Key: event, id",
        "        Aggregates: count(*)", "        ->  Inner Join", "              Join Cond: (user_id = name)",
        "              ->  Scan on events  (columns: event, user_id)",
        "                    Filter: (event = 'a'::text)  (pushed down: inexact)",
        "              ->  Scan on users  (columns: id, name)", "                    Filter: (id > 3)",
      ])
  }

  @Test func `keep the constant on the right and lists together`() throws {
    let lines = try explained("select 1 from users where 5 < id and (name = 'a' or 'b' = name or name in ('c'))")
    #expect(lines.contains { $0.hasSuffix("Filter: (id > 5)") })
    #expect(lines.contains { $0.hasSuffix("Filter: (name IN ('a'::text, 'b'::text, 'c'::text))") })
  }

  @Test func `stay above a limit and above an outer join's nullable side`() throws {
    #expect(try explained("select * from (select id from users limit 3) x where id > 1").first == "Filter")
    let lines = try explained("select u.id from users u left join events e on u.name = e.user_id where e.event is null")
    #expect(lines.contains("  ->  Filter") && lines.contains("        ->  Left Join"))
  }

  @Test func `that no null passes turn an outer join into an inner one`() throws {
    let lines = try explained("select u.id from users u left join events e on u.name = e.user_id where e.event = 'x'")
    #expect(lines.contains("  ->  Inner Join"))
  }

  @Test func `that are never true leave no scan`() throws {
    #expect(try explained("select id from users where 1 = 2") == ["Values Scan  (rows: 0)"])
  }

  @Test func `with parameters become constants at execution`() throws {
    let lines = try explained("select id from users where id = $1", parameters: [.int(7)])
    #expect(lines == ["Scan on users  (columns: id)", "  Filter: (id = 7)"])
  }

  @Test func `on now() become constants at execution`() throws {
    let lines = try explained("select event from events where time > now()", catalog: TestCatalog(now: 42))
    #expect(lines.last == "  Filter: (time > '42'::timestamp with time zone)  (pushed down: inexact)")
  }
}

@Suite struct `Subqueries` {
  @Test func `IN and EXISTS become semi joins, NOT EXISTS an anti join`() throws {
    #expect(
      try explained("select id from users where name in (select user_id from events)").contains("  ->  Semi Join"))
    let sql = "select id from users u where %EXISTS (select 1 from events e where e.user_id = u.name and e.event = 'x')"
    let semi = try explained(sql.replacing("%", with: ""))
    #expect(semi.contains("  ->  Semi Join") && semi.contains("        Join Cond: (user_id = name)"))
    #expect(semi.contains("              Filter: (event = 'x'::text)  (pushed down: inexact)"))
    #expect(try explained(sql.replacing("%", with: "NOT ")).contains("  ->  Anti Join"))
  }

  @Test func `NOT IN stays a subquery, for its nulls`() throws {
    let lines = try explained("select id from users where name not in (select user_id from events)")
    #expect(lines.contains { $0.contains("InitPlan") })
  }

  @Test func `a LATERAL item that refers to nothing is a plain join`() throws {
    #expect(try explained("select * from users u, lateral (select 1 as one) l").contains { $0.contains("Cross Join") })
    let lines = try explained("select u.name, t.tag from users u, unnest(u.tags) as t(tag)")
    #expect(lines.contains { $0.contains("Cross Lateral Join") } && lines.contains { $0.contains("unnest(tags)") })
  }
}

@Suite struct `Sorts and limits` {
  @Test func `a limit over a sort keeps only the top rows`() throws {
    let lines = try explained("select name from users order by id limit 10 offset 5")
    #expect(lines.contains { $0.hasSuffix("Top-N Sort  (rows: 15)") })
  }

  @Test func `a limit reaches the scan through projections`() throws {
    #expect(
      try explained("select id + 1 from users limit 3").last == "        ->  Scan on users  (columns: id; limit: 3)")
  }

  @Test func `DISTINCT is an aggregation`() throws {
    #expect(try explained("select distinct name from users").first == "Unique")
  }
}

@Suite struct `Views` {
  @Test func `are expanded, with their own column names`() throws {
    let catalog = TestCatalog(views: ["v": ("select id, lower(name) from users where id > 2", ["key", "low"])])
    let bound = try bind("select low, v.key from v where key < 9", catalog: catalog)
    #expect(bound.fields.map(\.name) == ["low", "key"])
    #expect(
      try explained("select key from v where key < 9", catalog: catalog) == [
        "Scan on users  (columns: id)", "  Filter: (id > 2)", "  Filter: (id < 9)",
      ])
  }

  @Test func `that name themselves are refused`() {
    let catalog = TestCatalog(views: ["v": ("select * from v", ["a"])])
    #expect(throws: ApusError.self) { try bind("select * from v", catalog: catalog) }
  }
}
