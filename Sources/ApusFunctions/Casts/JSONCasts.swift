// Casts of json and jsonb.

import ApusBase
import ApusColumns

enum JSONCasts {
  static var all: [Cast] {
    [
      .to(.jsonb, from: .json, .assignment) { (arguments, count, _) throws(ApusError) in
        try mapBytes(arguments, count, .jsonb) { (row, out) throws(ApusError) in
          out.append(contentsOf: try JSONB.canonicalise(arguments[0].rawBytes(row)))
          return true
        }
      },
      .to(.json, from: .jsonb, .assignment, mayFail: false) { arguments, _, _ in
        if case .constant(let box) = arguments[0].storage {
          return Vector(
            type: .json, count: arguments[0].count, storage: .constant(VectorBox(box.vector.reinterpreted(as: .json))))
        }
        return arguments[0].flattened().reinterpreted(as: .json)
      },
      scalar(.bool, "boolean") { document in
        switch document[0].kind {
        case .true: .bool(true)
        case .false: .bool(false)
        default: nil
        }
      },
      number(.int2) { (value) throws(ApusError) in
        .int(Int64(try value.integer(as: Int16.self, typeName: "smallint")))
      },
      number(.int4) { (value) throws(ApusError) in
        .int(Int64(try value.integer(as: Int32.self, typeName: "integer")))
      },
      number(.int8) { (value) throws(ApusError) in .int(try value.int64()) },
      number(.float4) { (value) throws(ApusError) in .float(Double(Float(try value.float8()))) },
      number(.float8) { (value) throws(ApusError) in .float(try value.float8()) },
      number(.numeric) { .numeric($0) },
    ]
  }

  private static func kindName(_ kind: JSONKind) -> String {
    switch kind {
    case .null: "null"
    case .true, .false: "boolean"
    case .integer, .decimal, .number: "numeric"
    case .string, .key: "string"
    case .object: "object"
    case .array: "array"
    }
  }

  private static func refusal(_ document: JSONDocument, _ name: String) -> ApusError {
    ApusError(.invalidParameterValue, "cannot cast jsonb \(kindName(document[0].kind)) to type \(name)")
  }

  private static func scalar(
    _ target: DataType, _ name: String, _ read: @escaping @Sendable (JSONDocument) throws(ApusError) -> Value?
  ) -> Cast {
    .to(target, from: .jsonb, .explicit) { (arguments, count, _) throws(ApusError) in
      let (validity, isAllNull) = strictValidity(arguments, count)
      if isAllNull { return .nulls(type: target, count: count) }
      var builder = VectorBuilder(type: target, capacity: count)
      for row in 0..<count {
        guard isPresent(validity, row) else {
          builder.appendNull()
          continue
        }
        let value = try JSONB.parsing(arguments[0].rawBytes(row)) { (document) throws(ApusError) -> Value in
          guard let value = try read(document) else { throw refusal(document, name) }
          return value
        }
        builder.append(value)
      }
      return builder.finish()
    }
  }

  private static func number(
    _ target: DataType, _ convert: @escaping @Sendable (Numeric) throws(ApusError) -> Value
  ) -> Cast {
    scalar(target, target.sqlName) { (document) throws(ApusError) in
      switch document[0].kind {
      case .integer, .decimal, .number: try convert(try JSONBOrder.number(document, 0))
      default: nil
      }
    }
  }
}
