// GapFill owns time_bucket_gapfill, locf and interpolate as names and signatures, and the buckets between two bounds.
// The binder takes the calls out of the query and puts a node over the aggregation in their place.

public import ApusBase
public import ApusColumns

public enum GapFillFunction: Sendable { case bucket, carry, interpolate }

extension ScalarFunction {
  /// Which part of gap filling the function is.
  public var gapFill: GapFillFunction? {
    guard kind == .function, schema == "pg_catalog" else { return nil }
    switch name {
    case "time_bucket_gapfill": return .bucket
    case "locf": return .carry
    case "interpolate": return .interpolate
    default: return nil
    }
  }
}

enum GapFillFunctions {
  static var all: [ScalarFunction] { buckets + carried + interpolated }

  private static func marker(
    _ name: String, _ parameters: [ParameterType], _ result: ResultType, names: [String] = []
  ) -> ScalarFunction {
    ScalarFunction(name, parameters: parameters, parameterNames: names, result: result, isStrict: false) {
      (_, _, _) throws(ApusError) -> Vector in throw misplaced(name)
    }
  }

  static func misplaced(_ name: String) -> ApusError {
    name == "time_bucket_gapfill"
      ? ApusError(
        .featureNotSupported, "no top level time_bucket_gapfill in group by clause",
        hint: "GROUP BY time_bucket_gapfill(...) itself, not an expression of it.")
      : ApusError(
        .featureNotSupported, "\(name) must be used with time_bucket_gapfill",
        hint: "It belongs in the select list of a query that is grouped by time_bucket_gapfill.")
  }

  private static var buckets: [ScalarFunction] {
    let names = ["bucket_width", "ts", "start", "finish"]
    let zonedNames = ["bucket_width", "ts", "timezone", "start", "finish"]
    var list: [ScalarFunction] = []
    func add(_ types: [DataType], _ names: [String] = []) {
      list.append(marker("time_bucket_gapfill", types.map { .exact($0) }, .exact(types[1]), names: names))
    }
    for type in [DataType.timestamptz, .timestamp, .date] {
      add([.interval, type])
      add([.interval, type, type, type], names)
    }
    add([.interval, .timestamptz, .text])
    add([.interval, .timestamptz, .text, .timestamptz, .timestamptz], zonedNames)
    for type in [DataType.int2, .int4, .int8] {
      add([type, type])
      add([type, type, type, type], names)
    }
    return list
  }

  private static var carried: [ScalarFunction] {
    let names = ["value", "prev", "treat_null_as_missing"]
    return [
      marker("locf", [.anyElement], .element),
      marker("locf", [.anyElement, .anyElement], .element),
      marker("locf", [.anyElement, .anyElement, .exact(.bool)], .element, names: names),
    ]
  }

  private static var interpolated: [ScalarFunction] {
    [DataType.int2, .int4, .int8, .float4, .float8].flatMap { type in
      [
        marker("interpolate", [.exact(type)], .exact(type)),
        marker("interpolate", [.exact(type), .any, .any], .exact(type), names: ["value", "prev", "next"]),
      ]
    }
  }
}

/// The buckets that time_bucket makes of one width, one after the other. Values are those of the time column.
public struct GapFillBuckets: Sendable {
  private enum Form: Sendable {
    case times(BucketWidth, Int64, TimeZone?)
    case dates(BucketWidth, Int64)
    case integers(Int64)
  }
  private let form: Form

  /// `zone` only for timestamptz.
  public init(width: Value, type: DataType, zone: String?) throws(ApusError) {
    switch width {
    case .interval(let interval):
      let buckets = try Buckets(interval, origin: nil)
      if type == .date {
        if case .fixed(let period) = buckets.width, period % Microseconds.perDay != 0 {
          throw ApusError(.invalidParameterValue, "interval must not have sub-day precision")
        }
        form = .dates(buckets.width, buckets.origin)
      } else {
        var found: TimeZone?
        if let zone { found = try TimeZoneFunctions.zone(zone) }
        form = .times(buckets.width, buckets.origin, found)
      }
    case .int(let number):
      guard number > 0 else { throw BucketWidth.notPositive }
      form = .integers(number)
    default:
      throw ApusError(.invalidParameterValue, "invalid time_bucket_gapfill argument: bucket_width cannot be NULL")
    }
  }

  /// The start of the bucket that a value lies in.
  public func start(of value: Int64) throws(ApusError) -> Int64 { try bucket(value).start }

  /// The start of the bucket after the one that begins at `start`; nil past the end of time.
  public func next(after start: Int64) throws(ApusError) -> Int64? {
    let end = try bucket(start).end
    return end > start && end != Int64.max ? end : nil
  }

  private func bucket(_ value: Int64) throws(ApusError) -> (start: Int64, end: Int64) {
    switch form {
    case .times(let width, let origin, let zone):
      let buckets = Buckets(width, origin)
      guard let zone else { return try buckets.bucket(value) }
      let (start, end) = try buckets.bucket(zone.local(value))
      return (zone.utc(start), end == Int64.max ? end : zone.utc(end))
    case .dates(let width, let origin):
      let (start, end) = try Buckets(width, origin).bucket(try DateValues.timestamp(value))
      return (floorDivide(start, Microseconds.perDay), floorDivide(end, Microseconds.perDay))
    case .integers(let width):
      let (start, overflow) = floorDivide(value, width).multipliedReportingOverflow(by: width)
      let (end, isLast) = start.addingReportingOverflow(width)
      guard !overflow else { throw TimeErrors.timestampRange }
      return (start, isLast ? Int64.max : end)
    }
  }
}
