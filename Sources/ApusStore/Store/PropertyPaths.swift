// PropertyPaths owns the summary of the paths within jsonb columns, for `apus.properties`.

public import ApusBase
import ApusColumns

/// One path into a jsonb column, over all segments of a table.
public struct PropertyPath: Sendable {
  public let column: ColumnID
  /// Keys from the root.
  public let path: [String]
  /// What its values are: boolean, number, string, array, object, null. From the row groups looked at.
  public internal(set) var kinds: Set<String> = []
  /// Segments that have a sub-column of it.
  public internal(set) var segments = 0
  /// Rows of the row groups that have one.
  public internal(set) var rows = 0
  /// Bytes of its sub-columns.
  public internal(set) var bytes = 0
  /// The most distinct texts in any row group looked at; nil where they were not counted.
  public internal(set) var cardinality: Int64?
  /// Whether it shares the overflow column in some segment looked at.
  public internal(set) var overflows = false
}

extension TableSnapshot {
  /// The newest segments, whose first row groups are read for kinds and cardinality; footers tell the rest.
  private static let segmentsLookedAt = 16

  /// Every path of every jsonb column, in order of columns and paths.
  public func propertyPaths() throws(ApusError) -> [PropertyPath] {
    var found = PropertyPaths()
    for segment in segments { segment.reader.addPaths(to: &found) }
    for segment in segments.suffix(Self.segmentsLookedAt) { try segment.reader.addKinds(to: &found) }
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
  fileprivate func addPaths(to found: inout PropertyPaths) {
    var met: Set<PropertyPaths.Key> = []
    for group in groups {
      for (column, chunks) in zip(description.columns, group.chunks) where chunks.count > 1 {
        var here: Set<[String]> = []
        for chunk in chunks {
          guard case .path(let keys) = chunk.content else { continue }
          let isNewHere = here.insert(keys).inserted
          let isNew = met.insert(PropertyPaths.Key(column: column.id, path: keys)).inserted
          found.update(column.id, keys) { path in
            path.bytes += chunk.length
            if isNewHere { path.rows += group.rowCount }
            if isNew { path.segments += 1 }
          }
        }
      }
    }
  }

  fileprivate func addKinds(to found: inout PropertyPaths) throws(ApusError) {
    guard let group = groups.first else { return }
    for (column, chunks) in zip(description.columns, group.chunks) where chunks.count > 1 {
      for chunk in chunks {
        let isOverflow = chunk.content == .overflow
        switch chunk.content {
        case .column, .presence: continue
        case .path, .overflow: break
        }
        let vector = try self.chunk(chunk, rowCount: group.rowCount)
        guard case .shredded(let part) = vector.storage else { continue }
        found.add(part.paths, of: column.id, rows: isOverflow ? group.rowCount : nil, overflows: isOverflow)
      }
    }
  }
}
