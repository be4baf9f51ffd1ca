// SessionFunctions owns the functions that tell of the session and the server and need no catalog. Those that do are in
// CatalogFunctionList.

import ApusBase
import ApusColumns
private import Glibc

enum SessionFunctions {
  private static func told(
    _ name: String, _ type: DataType, _ body: @escaping @Sendable (EvaluationContext) -> Value
  ) -> ScalarFunction {
    .rows(name, [], type, volatility: .stable, mayFail: false) { (_, context) in body(context) }
  }

  private static func schemas(_ context: EvaluationContext) -> [String] {
    context.searchPath.filter { !$0.hasPrefix("$") }
  }

  static var all: [ScalarFunction] {
    [
      told("version", .text) { context in
        .text("PostgreSQL \(context.settings("server_version") ?? "15.0 (Apus)")")
      },
      told("current_database", .name) { .text($0.database) }, told("current_catalog", .name) { .text($0.database) },
      told("current_user", .name) { .text($0.user) }, told("session_user", .name) { .text($0.user) },
      told("user", .name) { .text($0.user) }, told("current_role", .name) { .text($0.user) },
      told("current_schema", .name) { schemas($0).first.map { .text($0) } ?? .null },
      .rows("current_schemas", [.bool], .array(.name), volatility: .stable, mayFail: false) { (row, context) in
        let path = schemas(context)
        let hasCatalog = path.contains("pg_catalog")
        return .array((row.bool(0) && !hasCatalog ? ["pg_catalog"] + path : path).map { .text($0) })
      },
      // Where the server listens is not told: null, as PostgreSQL answers on a local socket.
      told("inet_server_addr", .text) { _ in .null }, told("inet_client_addr", .text) { _ in .null },
      told("inet_server_port", .int4) { _ in .null }, told("inet_client_port", .int4) { _ in .null },
      .typed("pg_typeof", [.any], .exact(.regtype), volatility: .stable, isStrict: false, mayFail: false) {
        (_, types, _) in .int(Int64(types.first?.oid ?? 0))
      },
      .typed("pg_column_size", [.any], .exact(.int4), volatility: .stable) { (row, types, context) throws(ApusError) in
        let type = types[0]
        if type.typeLength > 0 { return .int(Int64(type.typeLength)) }
        return .int(Int64(try context.text(row[0], type).count + 4))
      },
      .rows("pg_size_pretty", [.int8], .text, mayFail: false) { (row, _) in .text(pretty(Int128(row.int(0)))) },
      .rows("pg_size_pretty", [.numeric], .text) { (row, _) throws(ApusError) in
        let value = row.numeric(0)
        if value.magnitude < Numeric(10_240 as Int64) { return .text("\(value.text) bytes") }
        guard let whole = value.truncated(0).roundedInt128 else {
          throw ApusError(.numericValueOutOfRange, "value overflows numeric format")
        }
        return .text(pretty(whole))
      },
      .rows("pg_size_bytes", [.text], .int8) { (row, _) throws(ApusError) in .int(try sizeBytes(row.text(0))) },
      .typed("num_nulls", [.any], .exact(.int4), isStrict: false, mayFail: false, isVariadic: true) { (row, _, _) in
        .int(Int64(row.count(where: \.isNull)))
      },
      .typed("num_nonnulls", [.any], .exact(.int4), isStrict: false, mayFail: false, isVariadic: true) { (row, _, _) in
        .int(Int64(row.count { !$0.isNull }))
      },
      .rows("pg_sleep", [.float8], .void, volatility: .volatile) { (row, context) throws(ApusError) in
        try sleep(row.float(0), context)
        return .text("")
      },
      .rows("pg_sleep_for", [.interval], .void, volatility: .volatile) { (row, context) throws(ApusError) in
        try sleep(Double(row.interval(0).comparisonKey) / 1e6, context)
        return .text("")
      },
    ]
  }

  /// Waits in small steps, so that it can be cancelled.
  private static func sleep(_ seconds: Double, _ context: EvaluationContext) throws(ApusError) {
    let end = ContinuousClock.now + .seconds(max(0, min(seconds.isNaN ? 0 : seconds, 1e9)))
    while true {
      try context.checkInterrupts?()
      let left = end - ContinuousClock.now
      if left <= .zero { return }
      let microseconds = min(50_000, max(1, left / .microseconds(1)))
      usleep(UInt32(microseconds))
    }
  }

  // MARK: - Sizes

  private static let units: [(name: String, limit: Int128)] = [
    ("bytes", 10 * 1_024), ("kB", 20 * 1_024 - 1), ("MB", 20 * 1_024 - 1), ("GB", 20 * 1_024 - 1),
    ("TB", 20 * 1_024 - 1), ("PB", 20 * 1_024 - 1),
  ]

  /// In the largest unit that leaves less than 10240 of it, rounded half away from zero.
  private static func pretty(_ bytes: Int128) -> String {
    var size = bytes
    for (index, unit) in units.enumerated() {
      let isLast = index == units.count - 1
      if isLast || size.magnitude < unit.limit.magnitude {
        if index > 0 { size = (size + (size < 0 ? -1 : 1)) / 2 }
        return "\(size) \(unit.name)"
      }
      // One bit is kept for the rounding.
      size /= index == 0 ? 512 : 1_024
    }
    return "\(size) PB"
  }

  private static func sizeBytes(_ text: String) throws(ApusError) -> Int64 {
    let trimmed = text.utf8.drop { isSpaceByte($0) }
    let number = trimmed.prefix { isDigitByte($0) || $0 == 46 || $0 == 45 || $0 == 43 }
    var unit = String(decoding: trimmed.dropFirst(number.count).drop { isSpaceByte($0) }, as: UTF8.self).lowercased()
    while let last = unit.last, last == " " || last == "\t" || last == "\n" { unit.removeLast() }
    guard let value = try? Numeric(text: String(decoding: number, as: UTF8.self)), !number.isEmpty else {
      throw ApusError(.invalidParameterValue, "invalid size: \"\(text)\"")
    }
    let factors: [String: Int64] = [
      "": 1, "bytes": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "pb": 1 << 50,
    ]
    guard let factor = factors[unit] else {
      throw ApusError(
        .invalidParameterValue, "invalid size: \"\(text)\"", detail: "Invalid size unit: \"\(unit)\".",
        hint: "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
    }
    return try value.multiplied(by: Numeric(factor)).int64()
  }
}
