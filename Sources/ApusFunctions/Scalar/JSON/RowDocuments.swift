// RowDocuments owns rows as JSON objects: what row_to_json, to_jsonb and the aggregates make of a whole row.

public import ApusBase
import ApusColumns

public enum RowDocuments {
  /// A function of the row's fields in order: an object with these names, as json or as jsonb.
  public static func function(_ names: [String], isBinary: Bool) -> ScalarFunction {
    let keys = names.map { JSONText.quoted(Array($0.utf8)) }
    return .typed(
      isBinary ? "to_jsonb" : "row_to_json", [.any], .exact(isBinary ? .jsonb : .json), volatility: .stable,
      isStrict: false, isVariadic: true
    ) { (row, types, context) throws(ApusError) in
      var out: [UInt8] = [123]
      for index in row.indices {
        if index > 0 { out.append(44) }
        out += keys[index]
        out.append(58)
        out += try JSONText.of(row[index], types[index], context, isBinary: isBinary)
        try TextLimits.check(out.count)
      }
      out.append(125)
      return isBinary ? .text(try JSONB.canonicalise(String(decoding: out, as: UTF8.self))) : .text(utf8: out)
    }
  }
}
