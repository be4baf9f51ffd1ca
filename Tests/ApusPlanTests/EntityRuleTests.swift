// What becomes of count(DISTINCT x) where a table keeps ids of x's values.

import ApusPlan
import Testing

@Suite struct `Unique counts of entities` {
  @Test func `read ids and no text`() throws {
    #expect(
      try explained("select count(distinct user_id) from visits where event = 'a'") == [
        "Aggregate", "  Aggregates: count(DISTINCT id(user_id))",
        "  ->  Scan on visits  (columns: id(user_id), event)", "        Filter: (event = 'a'::text)",
      ])
  }

  @Test func `of a generated column take the ids of what it is computed from`() throws {
    let lines = try explained("select event, count(distinct distinct_id), count(*) from visits group by event")
    #expect(lines.contains("  Aggregates: count(DISTINCT COALESCE(id(user_id), id(anonymous_id))), count(*)"))
    #expect(lines.last == "  ->  Scan on visits  (columns: event, id(user_id), id(anonymous_id))")
  }

  @Test func `go through subqueries, CASE and FILTER`() throws {
    let lines = try explained(
      """
      select d, count(distinct who) filter (where event <> 'a'), count(distinct case when event = 'b' then who end)
      from (select date_trunc('day', time) d, event, user_id as who from visits where time > 'epoch') x group by 1
      """)
    let shown = try #require(lines.first { $0.contains("Aggregates:") })
    #expect(shown.contains("count(DISTINCT id(user_id)) FILTER"))
    #expect(shown.contains("THEN id(user_id) END)"))
    #expect(lines.last { $0.contains("Scan on") }?.contains("columns: time, event, id(user_id))") == true)
  }

  @Test func `read the text too where values have no id`() throws {
    let lines = try explained("select count(distinct distinct_id) from late_visits")
    #expect(lines.contains("  Aggregates: count(DISTINCT COALESCE(id(user_id), id(anonymous_id)))"))
    #expect(
      lines.last == "  ->  Scan on late_visits  (columns: user_id, anonymous_id, id(user_id), id(anonymous_id))")
  }

  @Test func `stay as they are for other expressions, aggregates and tables`() throws {
    for sql in [
      "select count(distinct lower(user_id)) from visits", "select count(distinct coalesce(user_id, 'x')) from visits",
      "select count(distinct session_id) from visits", "select count(user_id) from visits",
      "select count(distinct coalesce(user_id, session_id)) from visits", "select count(distinct user_id) from events",
      "select string_agg(distinct user_id, ',') from visits",
      "select count(distinct user_id) from (select distinct user_id from visits) x",
    ] {
      let lines = try explained(sql)
      #expect(lines.allSatisfy { !$0.contains("id(user_id)") }, "\(sql)")
    }
  }
}
