// PropertyPaths owns the summary of the paths within jsonb columns, for `apus.properties`.

public import ApusBase
import ApusColumns

/// One path into a jsonb column, over all segments of a table.
public struct PropertyPath: Sendable {
  public let column: ColumnID
  /// Keys from the root.
  public let path: [String]
  /// What its values are: boolean, number, string, array, object, null.
  public internal(set) var kinds: Set<String> = []
  /// Segments that have a sub-column of it.
  public internal(set) var segments = 0
  /// Rows of the row groups that have one.
  public internal(set) var rows = 0
  /// Bytes of its sub-columns.
  public internal(set) var bytes = 0
  /// The most distinct texts in any segment or block; nil where they were not counted.
  public internal(set) var cardinality: Int64?
  /// Whether it shares the overflow column in some segment looked at.
  public internal(set) var overflows = false
}

extension TableSnapshot {
  /// The newest segments, whose first row groups are read for what shares the overflow column; footers tell the rest.
  private static let segmentsLookedAt = 16

  /// Every path of every jsonb column, in order of columns and paths.
  public func propertyPaths() throws(ApusError) -> [PropertyPath] {
    var found = PropertyPaths()
    for segment in segments { segment.reader.addPaths(to: &found) }
    for segment in segments.suffix(Self.segmentsLookedAt) { try segment.reader.addOverflow(to: &found) }
    for case let block as RowBlock in memtableRowGroups {
      for (column, vector) in zip(block.columns, block.vectors) {
        if case .shredded(let shredded) = vector.storage {
          found.add(shredded.paths, of: column.id, rows: block.rowCount)
        }
      }
    }
    return found.paths.values.sorted { a, b in
      a.column != b.column ? a.column < b.column : a.path.lexicographicallyPrecedes(b.path)
    }
  }
}

/// Paths as they are met.
struct PropertyPaths {
  struct Key: Hashable {
    var column: ColumnID
    var path: [String]
  }
  var paths: [Key: PropertyPath] = [:]

  mutating func update(_ column: ColumnID, _ path: [String], _ change: (inout PropertyPath) -> Void) {
    change(&paths[Key(column: column, path: path), default: PropertyPath(column: column, path: path)])
  }

  /// Sub-columns in memory. `rows` nil: their row group is counted already.
  mutating func add(_ columns: [PathColumn], of column: ColumnID, rows: Int?, overflows: Bool = false) {
    var counted: Set<[String]> = []
    for part in columns {
      let isFirst = counted.insert(part.path).inserted
      update(column, part.path) { path in
        path.kinds.insert(part.kind.jsonType)
        if let rows, isFirst { path.rows += rows }
        if overflows { path.overflows = true }
        if case .dictionary(_, _, let dictionary) = part.values.storage {
          path.cardinality = max(path.cardinality ?? 0, Int64(dictionary.count))
        }
      }
    }
  }
}

extension PathKind {
  /// As `jsonb_typeof` says it. A value below the depth limit is an array or an object.
  fileprivate var jsonType: String {
    switch self {
    case .jsonNull: "null"
    case .bool: "boolean"
    case .int8, .decimal, .float8, .numeric: "number"
    case .text: "string"
    case .json: "array"
    case .emptyObject: "object"
    }
  }
}

extension SegmentReader {
  /// Paths with sub-columns of their own: the footer tells all of them.
  fileprivate func addPaths(to found: inout PropertyPaths) {
    for (place, column) in description.columns.enumerated() {
      var met: Set<[String]> = []
      var rows: [[String]: Set<Int>] = [:]
      for (index, stream) in streams[place].enumerated() {
        guard case .path(let keys, let kind) = stream.content else { continue }
        let isNew = met.insert(keys).inserted
        let chunks = groups.map { $0.chunks[place][index] }
        for group in chunks.indices where chunks[group] != nil { rows[keys, default: []].insert(group) }
        found.update(column.id, keys) { path in
          path.kinds.insert(kind.jsonType)
          path.bytes += chunks.reduce(stream.dictionary?.block.length ?? 0) { $0 + ($1?.block.length ?? 0) }
          if isNew { path.segments += 1 }
          if let entries = stream.dictionary?.entries { path.cardinality = max(path.cardinality ?? 0, Int64(entries)) }
        }
      }
      for (keys, groups) in rows {
        let count = groups.reduce(0) { $0 + self.groups[$1].rowCount }
        found.update(column.id, keys) { $0.rows += count }
      }
    }
  }

  /// Paths that share the overflow column, from the first row group.
  fileprivate func addOverflow(to found: inout PropertyPaths) throws(ApusError) {
    guard let group = groups.first else { return }
    for (place, column) in description.columns.enumerated() {
      for (index, stream) in streams[place].enumerated() where stream.content == .overflow {
        guard let record = group.chunks[place][index] else { continue }
        let chunk = try chunk(record, of: stream, column: column.type, rowCount: group.rowCount)
        guard case .shredded(let part) = chunk.values.storage else { continue }
        found.add(part.paths, of: column.id, rows: group.rowCount, overflows: true)
      }
    }
  }
}
