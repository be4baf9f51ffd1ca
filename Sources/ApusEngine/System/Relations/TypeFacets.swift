// TypeFacets owns what information_schema says of a type with its modifier: lengths, precisions, names.

import ApusBase
import ApusColumns
import ApusPlan

struct TypeFacets {
  var dataType: String
  var characterLength: Int64?
  var octetLength: Int64?
  var numericPrecision: Int64?
  var numericRadix: Int64?
  var numericScale: Int64?
  var datetimePrecision: Int64?
  var intervalType: String?
  var udtName: String

  init(_ reference: TypeReference) {
    let type = reference.type
    let modifier = Int64(reference.modifier)
    udtName = CatalogTypes.entry(type.oid)?.name ?? type.catalogName
    if case .array = type {
      dataType = "ARRAY"
      return
    }
    dataType = type == .int2vector || type == .oidvector ? "ARRAY" : type.sqlName
    switch type {
    case .text: octetLength = 1 << 30
    case .varchar, .bpchar:
      characterLength = modifier < 4 ? nil : modifier - 4
      octetLength = characterLength.map { $0 * 4 } ?? 1 << 30
    case .int2: (numericPrecision, numericRadix, numericScale) = (16, 2, 0)
    case .int4: (numericPrecision, numericRadix, numericScale) = (32, 2, 0)
    case .int8: (numericPrecision, numericRadix, numericScale) = (64, 2, 0)
    case .float4: (numericPrecision, numericRadix) = (24, 2)
    case .float8: (numericPrecision, numericRadix) = (53, 2)
    case .numeric:
      numericRadix = 10
      if modifier >= 4 {
        numericPrecision = ((modifier - 4) >> 16) & 0xffff
        numericScale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024
      }
    case .date: datetimePrecision = 0
    case .time, .timestamp, .timestamptz: datetimePrecision = modifier < 0 ? 6 : modifier
    case .interval:
      datetimePrecision = modifier < 0 || modifier & 0xffff == 0xffff ? 6 : modifier & 0xffff
      let shown = CatalogTypes.formatted(type.oid, modifier: reference.modifier) ?? ""
      if let space = shown.firstIndex(of: " ") { intervalType = shown[shown.index(after: space)...].uppercased() }
    default: break
    }
  }

  /// data_type, character_maximum_length, character_octet_length.
  var lengths: [Value] { [.text(dataType), .optional(characterLength), .optional(octetLength)] }
  /// numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision, interval_type.
  var precisions: [Value] {
    [
      .optional(numericPrecision), .optional(numericRadix), .optional(numericScale), .optional(datetimePrecision),
      .optional(intervalType),
    ]
  }
}

/// Rows of a wide relation of which only some columns are ever set.
struct RowTemplate: Sendable {
  private let width: Int
  private let places: [Int]

  /// `columns` are those that `row` is given, in its order.
  init(_ relation: String, _ columns: String) {
    let known = SystemRelations.definition(schema: "information_schema", name: relation)?.schema.columns ?? []
    width = known.count
    places = columns.split(whereSeparator: \.isWhitespace).map { name in
      known.firstIndex { $0.name == String(name) } ?? -1
    }
  }

  /// Whether every column named is there.
  var isSound: Bool { !places.contains(-1) }

  func row(_ values: [Value]) -> [Value] {
    var row = [Value](repeating: .null, count: width)
    for (place, value) in zip(places, values) where place >= 0 { row[place] = value }
    return row
  }
}
