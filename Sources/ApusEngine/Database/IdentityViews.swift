// IdentityViews owns who is who: the views `users` and `identities` of a new data directory, and what `apus.person`
// makes of the latter. Both are read from the events themselves, so that they never say anything else than these do.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
import ApusSyntax

enum IdentityViews {
  /// The calls that join two ids, and where each dialect names the id that joins (docs/EVENTS.md).
  static let identities = """
    SELECT anonymous_id, user_id, min(time) AS since FROM (
      SELECT CASE event WHEN '$alias' THEN properties->>'previousId' WHEN '$identify' THEN anonymous_id
          ELSE properties->>'alias' END AS anonymous_id, user_id, time
      FROM public.events
      WHERE event IN ('$identify', '$alias', '$create_alias', '$merge_dangerously') AND user_id IS NOT NULL) AS links
    WHERE anonymous_id <> user_id AND anonymous_id <> ''
    GROUP BY anonymous_id, user_id
    """

  /// A property is what the latest `$set` says, else the earliest `$set_once`, of those after the last `$unset`; events
  /// of one moment go by receipt, then by `event_id`. `$group` sets those of a group, not of a user. (Functions in the
  /// select list are three times as fast as in FROM.)
  static let users = """
    SELECT seen.user_id, seen.first_seen, seen.last_seen, coalesce(known.properties, '{}'::jsonb) AS properties
    FROM (
      SELECT user_id, min(time) AS first_seen, max(time) AS last_seen FROM public.events
      WHERE user_id IS NOT NULL GROUP BY user_id) AS seen
    LEFT JOIN (
      SELECT user_id, jsonb_object_agg(key, value) AS properties FROM (
        SELECT DISTINCT ON (user_id, key) user_id, key, value FROM (
          SELECT user_id, key, value, time, received_at, event_id, kind,
            max(CASE WHEN kind = 0 THEN time END) OVER (PARTITION BY user_id, key) AS unset
          FROM (
            SELECT user_id, (said).key AS key, (said).value AS value, time, received_at, event_id, 2 AS kind
            FROM (
              SELECT user_id, jsonb_each(properties->'$set') AS said, time, received_at, event_id FROM public.events
              WHERE jsonb_typeof(properties->'$set') = 'object' AND user_id IS NOT NULL AND event <> '$group') AS sets
            UNION ALL
            SELECT user_id, (said).key, (said).value, time, received_at, event_id, 1
            FROM (
              SELECT user_id, jsonb_each(properties->'$set_once') AS said, time, received_at, event_id
              FROM public.events
              WHERE jsonb_typeof(properties->'$set_once') = 'object' AND user_id IS NOT NULL AND event <> '$group'
            ) AS onces
            UNION ALL
            SELECT user_id, jsonb_array_elements_text(properties->'$unset'), NULL::jsonb, time, received_at, event_id, 0
            FROM public.events
            WHERE jsonb_typeof(properties->'$unset') = 'array' AND user_id IS NOT NULL AND event <> '$group'
          ) AS changes) AS dated
        WHERE kind > 0 AND (unset IS NULL OR time > unset)
        ORDER BY user_id, key, kind DESC, CASE kind WHEN 2 THEN time END DESC,
          CASE kind WHEN 2 THEN received_at END DESC, CASE kind WHEN 2 THEN event_id END DESC,
          time, received_at, event_id
      ) AS chosen
      GROUP BY user_id) AS known ON known.user_id = seen.user_id
    """

  static func objects() throws(ApusError) -> [CatalogObject] {
    let links = ViewDefinition(
      query: identities,
      fields: [Field("anonymous_id", .text), Field("user_id", .text), Field("since", .timestamptz)])
    let people = ViewDefinition(
      query: users,
      fields: [
        Field("user_id", .text), Field("first_seen", .timestamptz), Field("last_seen", .timestamptz),
        Field("properties", .jsonb),
      ])
    return [
      try links.object(schema: "public", name: "identities"), try people.object(schema: "public", name: "users"),
    ]
  }
}

/// Which id stands for which.
struct IdentityLinks: Sendable {
  /// By id: the id that it was first joined to.
  private let links: [String: String]

  init(_ links: [String: String]) { self.links = links }

  /// The id at the end of the links. Of ids that were joined in a circle the least stands for all.
  func person(_ id: String) -> String {
    guard var next = links[id] else { return id }
    var seen: Set<String> = [id]
    while seen.insert(next).inserted {
      guard let further = links[next] else { return next }
      next = further
    }
    // `next` is on the circle.
    var least = next
    var at = links[next] ?? next
    while at != next {
      least = min(least, at)
      at = links[at] ?? next
    }
    return least
  }
}

extension Session {
  /// The links as the events of a snapshot have them. Throws 42P01 or 42703 without such a table, 54000 beyond
  /// `Limits.identityLinksMax`.
  func identityLinks(_ snapshot: DatabaseSnapshot) throws(ApusError) -> IdentityLinks {
    guard let parsed = try parse(IdentityViews.identities).first, case .select(let query) = parsed.root else {
      throw .unexpected("the query of identities is none")
    }
    let bound = try Binder.bind(query: query, in: parsed, catalog: catalog(snapshot), parameterTypes: [])
    let rows = try collect(try run(bound.plan, fields: bound.fields, parameters: [], snapshot: snapshot))
    guard rows.reduce(0, { $0 + $1.count }) <= Limits.identityLinksMax else {
      throw ApusError(
        .programLimitExceeded, "apus.person() works with at most \(Limits.identityLinksMax) identities",
        hint: "Join the view identities instead.")
    }
    var first: [String: (since: Int64, user: String)] = [:]
    for batch in rows {
      for row in 0..<batch.count {
        let id = batch.columns[0].value(at: row).asText
        let user = batch.columns[1].value(at: row).asText
        let since = batch.columns[2].value(at: row).asInteger
        if let known = first[id], (known.since, known.user) < (since, user) { continue }
        first[id] = (since, user)
      }
    }
    return IdentityLinks(first.mapValues(\.user))
  }
}

extension CatalogFunctions {
  static let identityBodies: [String: Body] = [
    "apus.person": { (catalog, arguments) throws(ApusError) -> Value in
      .text(try catalog.snapshot.identityLinks().person(arguments[0].asText))
    }
  ]
}
