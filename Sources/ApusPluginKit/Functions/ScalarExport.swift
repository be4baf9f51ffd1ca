// ScalarExport owns the callback of scalar functions in Swift.

import CApusABI

final class ScalarBox {
  typealias Body =
    @Sendable ([ArrowColumnReader], Int, ArrowColumnBuilder) throws(PluginError) -> Void
  let parameters: [PluginType]
  let result: PluginType
  let isStrict: Bool
  let body: Body

  init(_ parameters: [PluginType], _ result: PluginType, isStrict: Bool, _ body: @escaping Body) {
    self.parameters = parameters
    self.result = result
    self.isStrict = isStrict
    self.body = body
  }

  func evaluate(
    _ arguments: UnsafePointer<ArrowArray>?, _ rows: Int, into out: UnsafeMutablePointer<ArrowArray>
  ) throws(PluginError) {
    let columns = try ArrowColumnReader.columns(arguments, parameters)
    let builder = ArrowColumnBuilder(result.layout)
    for row in 0..<rows {
      if isStrict, columns.contains(where: { $0.isNull(row) }) {
        try builder.appendNull()
        continue
      }
      try body(columns, row, builder)
      guard builder.count == row &+ 1 else {
        throw PluginError("XX000", "a function appended \(builder.count &- row) values for one row")
      }
    }
    try builder.give(to: out)
  }
}

let evaluateScalar:
  @convention(c) (
    UnsafeMutableRawPointer?, UnsafePointer<ArrowArray>?, Int64, UnsafeMutablePointer<ArrowArray>?,
    UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { state, arguments, rows, out, error in
    attempt(error) { () throws(PluginError) in
      guard let state, let out else { throw PluginError("XX000", "the host passed nothing to fill") }
      let box = Unmanaged<ScalarBox>.fromOpaque(state).takeUnretainedValue()
      try box.evaluate(arguments, Int(clamping: rows), into: out)
    }
  }
