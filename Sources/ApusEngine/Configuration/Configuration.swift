// Configuration owns what a configuration file says, once it is read and checked: values with their places.

public import ApusBase

/// A file's contents.
public struct Configuration: Sendable {
  /// Options of the server, as flags of `apus serve` would give them.
  public var server: [ServerValue] = []
  /// The password that a new data directory is made with, and the file that holds it.
  public var password: String?
  public var passwordFile: String?
  public var tables: [TableEntry] = []
  /// Finer ones before those that are made from them.
  public var rollups: [RollupEntry] = []
  public var plugins: [PlacedName] = []

  public init() {}
}

/// An option of the server.
public struct ServerValue: Sendable, Hashable {
  public var flag: String
  public var text: String
  public var place: TextPlace
}

public struct PlacedName: Sendable, Hashable {
  public var name: String
  public var place: TextPlace
}

/// The name of a relation: the schema is `public` unless it is given before a dot.
public struct EntryName: Sendable, Hashable {
  public var schema: String
  public var name: String

  init(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    schema = parts.count == 2 ? parts[0] : "public"
    name = parts.last ?? text
  }

  init(schema: String, name: String) {
    self.schema = schema
    self.name = name
  }

  /// As the file and messages write it.
  public var text: String { schema == "public" ? name : "\(schema).\(name)" }
}

/// What the file says of a table.
public struct TableEntry: Sendable {
  struct Column: Sendable {
    var name: String
    /// Type and constraints.
    var definition: String
    var place: TextPlace
  }
  struct Option: Sendable {
    /// In WITH (...).
    var name: String
    /// nil: as it is when nobody sets it.
    var text: String?
    var place: TextPlace
  }
  struct Filter: Sendable {
    var filter: String
    var seconds: Int64
    var place: TextPlace
  }
  struct Retention: Sendable {
    /// nil: partitions do not go for their age.
    var seconds: Int64?
    var filters: [Filter]
    var place: TextPlace
  }
  struct Property: Sendable {
    var path: [String]
    var seconds: Int64
    var place: TextPlace
  }

  public var name: EntryName
  public var place: TextPlace
  var isAbsent = false
  var columns: [Column]?
  var options: [Option] = []
  var retention: Retention?
  var properties: [Property]?
  var propertiesPlace: TextPlace?

  init(name: EntryName, place: TextPlace) {
    self.name = name
    self.place = place
  }
}

/// What the file says of a rollup, with what it inherits.
public struct RollupEntry: Sendable {
  struct Item: Sendable, Hashable {
    var name: String
    /// SQL.
    var expression: String
    var place: TextPlace
  }

  public var name: EntryName
  public var place: TextPlace
  var isAbsent = false
  /// The table at the bottom.
  var table = EntryName("")
  /// What `from` names: the table, or a finer rollup.
  var from: PlacedName?
  var every: String = ""
  var timeZone: String?
  /// What the bucket's column is called.
  var bucket = "bucket"
  /// Only rows for which it is true count.
  var filter: String?
  var by: [Item] = []
  /// Places in `by`; nil: the full set alone.
  var sets: [[Int]]?
  var measures: [Item] = []
  /// Given as none: `.some(nil)`.
  var retention: Int64??

  init(name: EntryName, place: TextPlace) {
    self.name = name
    self.place = place
  }
}
