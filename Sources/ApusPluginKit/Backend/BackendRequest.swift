// BackendRequest owns what a backend is asked, as Swift values: tables, conditions, groupings, aggregates.

import CApusABI

/// A table as a call names it.
public struct BackendTable: Sendable {
  public var schema: String?
  public var name: String
  /// Empty where the caller does not know them.
  public var columns: [PluginColumn]
  public var options: [String: String]
  /// Whether Apus made the table in the storage.
  public var isOwned: Bool
}

/// A column of a table, or what a path into it gives.
public struct BackendColumn: Sendable, Hashable {
  /// The place in the table's columns.
  public var index: Int
  public var path: [String]
  public var type: PluginType
}

/// A constant.
public enum BackendValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// int2/4/8, days, microseconds since midnight or since 1970.
  case integer(Int64)
  case real(Double)
  case text(String)
  case bytes([UInt8])
}

public struct BackendConstant: Sendable, Hashable {
  public var value: BackendValue
  public var type: PluginType
}

public enum BackendComparison: Int32, Sendable {
  case equal = 1
  case notEqual, less, lessOrEqual, greater, greaterOrEqual

  public var sql: String {
    switch self {
    case .equal: "="
    case .notEqual: "<>"
    case .less: "<"
    case .lessOrEqual: "<="
    case .greater: ">"
    case .greaterOrEqual: ">="
    }
  }
  public var isOrder: Bool { self != .equal && self != .notEqual }
}

/// A condition, with the semantics that apus_plugin.h states.
public indirect enum BackendFilter: Sendable {
  case compare(BackendColumn, BackendComparison, BackendConstant)
  case inList(BackendColumn, [BackendConstant])
  case isNull(BackendColumn, negated: Bool)
  case prefix(BackendColumn, String)
  case and([BackendFilter])
  case or([BackendFilter])
  case not(BackendFilter)
  /// A kind that the kit does not know.
  case unknown
}

/// A key of an aggregation.
public enum BackendGrouping: Sendable {
  case column(BackendColumn)
  /// Buckets of `months` months or `microseconds` microseconds (the other is 0) from `origin`.
  case bucket(BackendColumn, months: Int32, microseconds: Int64, origin: Int64)
}

public struct BackendAggregate: Sendable {
  public enum Function: Int32, Sendable {
    case countRows = 1
    case count, sum, minimum, maximum
  }
  public var function: Function
  /// The type of the result.
  public var type: PluginType
  public var column: BackendColumn
  public var filter: BackendFilter?
}

public struct BackendAggregation: Sendable {
  public var groupings: [BackendGrouping]
  public var aggregates: [BackendAggregate]
}

/// What is asked of a scan.
public struct BackendScanRequest: Sendable {
  public var columns: [BackendColumn]
  public var filters: [BackendFilter]
  public var limit: Int64?
  /// nil when none is asked, and when it holds a kind that the kit does not know.
  public var aggregation: BackendAggregation?

  public init(
    columns: [BackendColumn], filters: [BackendFilter], limit: Int64? = nil, aggregation: BackendAggregation? = nil
  ) {
    self.columns = columns
    self.filters = filters
    self.limit = limit
    self.aggregation = aggregation
  }
}

public enum BackendSupport: Int32, Sendable, Comparable {
  case unsupported = 0
  case inexact, exact
  public static func < (a: BackendSupport, b: BackendSupport) -> Bool { a.rawValue < b.rawValue }
}

/// What a scan takes over.
public struct BackendScanAnswer: Sendable {
  /// One a filter.
  public var filters: [BackendSupport]
  public var limit: BackendSupport
  public var aggregation: BackendSupport
  /// For EXPLAIN: the remote SQL.
  public var description: String
  public var rowEstimate: Int64?

  public init(
    filters: [BackendSupport], limit: BackendSupport, aggregation: BackendSupport, description: String,
    rowEstimate: Int64? = nil
  ) {
    self.filters = filters
    self.limit = limit
    self.aggregation = aggregation
    self.description = description
    self.rowEstimate = rowEstimate
  }
}

// MARK: Reading the ABI's structs

/// A C array's elements; none where the pointer is NULL.
func elements<T>(_ start: UnsafePointer<T>?, _ count: Int) -> UnsafeBufferPointer<T> {
  UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
}

func pluginType(_ oid: UInt32) throws(PluginError) -> PluginType {
  guard let type = PluginType(rawValue: oid) else { throw .unsupported("the type of OID \(oid) in this storage") }
  return type
}

extension BackendTable {
  init(_ table: ApusTable, _ host: PluginHost) throws(PluginError) {
    schema = table.schema.map { String(cString: $0) }
    name = table.name.map { String(cString: $0) } ?? ""
    columns = try host.columns(of: table.columns)
    options = readOptions(table.options, table.option_count)
    isOwned = table.owned != 0
  }
}

func readOptions(_ options: UnsafePointer<ApusOption>?, _ count: Int) -> [String: String] {
  var found: [String: String] = [:]
  for option in elements(options, count) {
    if let key = option.key, let value = option.value { found[String(cString: key)] = String(cString: value) }
  }
  return found
}

extension BackendColumn {
  init(_ reference: ApusColumnRef) throws(PluginError) {
    index = Int(reference.column)
    path = elements(reference.path, reference.path_count).compactMap { $0.map { String(cString: $0) } }
    type = try pluginType(reference.type)
  }
}

extension BackendConstant {
  init(_ value: ApusValue) throws(PluginError) {
    let bytes = UnsafeRawBufferPointer(start: value.data, count: value.data == nil ? 0 : value.length)
    switch value.kind {
    case APUS_VALUE_NULL: self.value = .null
    case APUS_VALUE_BOOL: self.value = .bool(value.integer != 0)
    case APUS_VALUE_INTEGER: self.value = .integer(value.integer)
    case APUS_VALUE_REAL: self.value = .real(value.real)
    case APUS_VALUE_TEXT: self.value = .text(String(decoding: bytes, as: UTF8.self))
    case APUS_VALUE_BYTES: self.value = .bytes(Array(bytes))
    default: throw .unsupported("a constant of kind \(value.kind)")
    }
    type = try pluginType(value.type)
  }
}

extension BackendFilter {
  init(_ filter: ApusFilter) {
    do throws(PluginError) { self = try Self.read(filter) } catch { self = .unknown }
  }

  private static func read(_ filter: ApusFilter) throws(PluginError) -> BackendFilter {
    let children = elements(filter.children, filter.child_count)
    switch filter.kind {
    case APUS_FILTER_AND: return .and(children.map { BackendFilter($0) })
    case APUS_FILTER_OR: return .or(children.map { BackendFilter($0) })
    case APUS_FILTER_NOT: return children.first.map { .not(BackendFilter($0)) } ?? .unknown
    default: break
    }
    let column = try BackendColumn(filter.column)
    var constants: [BackendConstant] = []
    for value in elements(filter.values, filter.value_count) { constants.append(try BackendConstant(value)) }
    switch filter.kind {
    case APUS_FILTER_COMPARE:
      guard let comparison = BackendComparison(rawValue: filter.comparison), let constant = constants.first else {
        return .unknown
      }
      return .compare(column, comparison, constant)
    case APUS_FILTER_IN: return .inList(column, constants)
    case APUS_FILTER_IS_NULL: return .isNull(column, negated: false)
    case APUS_FILTER_IS_NOT_NULL: return .isNull(column, negated: true)
    case APUS_FILTER_PREFIX:
      guard case .text(let prefix)? = constants.first?.value else { return .unknown }
      return .prefix(column, prefix)
    default: return .unknown
    }
  }
}

extension BackendScanRequest {
  init(_ request: ApusScanRequest) throws(PluginError) {
    columns = []
    for column in elements(request.columns, request.column_count) { columns.append(try BackendColumn(column)) }
    filters = elements(request.filters, request.filter_count).map { BackendFilter($0) }
    limit = request.limit < 0 ? nil : request.limit
    aggregation = request.has_aggregation == 0 ? nil : BackendAggregation(request)
  }
}

extension BackendAggregation {
  init?(_ request: ApusScanRequest) {
    groupings = []
    aggregates = []
    do throws(PluginError) {
      for grouping in elements(request.groupings, request.grouping_count) {
        let column = try BackendColumn(grouping.column)
        switch grouping.kind {
        case APUS_GROUP_COLUMN: groupings.append(.column(column))
        case APUS_GROUP_TIME_BUCKET:
          groupings.append(
            .bucket(
              column, months: grouping.bucket_months, microseconds: grouping.bucket_micros,
              origin: grouping.bucket_origin))
        default: return nil
        }
      }
      for call in elements(request.aggregates, request.aggregate_count) {
        guard let function = BackendAggregate.Function(rawValue: call.function) else { return nil }
        let type = try pluginType(call.type)
        let column =
          function == .countRows
          ? BackendColumn(index: 0, path: [], type: .int8) : try BackendColumn(call.column)
        aggregates.append(
          BackendAggregate(
            function: function, type: type, column: column, filter: call.filter.map { BackendFilter($0.pointee) }))
      }
    } catch { return nil }
  }

  /// The types of the result: the groupings, then the aggregates.
  public var types: [PluginType] {
    groupings.map { grouping in
      switch grouping {
      case .column(let column), .bucket(let column, _, _, _): column.type
      }
    } + aggregates.map(\.type)
  }
}
