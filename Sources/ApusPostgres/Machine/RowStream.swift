// RowStream owns the sending of one statement's rows, a part at a time, so that the client's pace is the query's.

import ApusBase
import ApusColumns
import ApusEngine

/// The rows of one execution on their way into the output.
final class RowStream {
  enum Outcome {
    /// Enough is in the output: send it, then pump again.
    case full
    /// The wanted number of rows has been written.
    case limit
    /// There are no more rows.
    case end
  }

  let execution: Execution
  private let rows: RowEncoder
  private var copy: CopyEncoder?
  private var current: RowEncoder.Prepared?
  private var row = 0
  private var line: [UInt8] = []
  /// Binary's signature travels with the first row, or with the end: clients look for it there.
  private var signature: [UInt8] = []
  /// Output beyond this is sent before more is made.
  static let outputBytesMax = 64 << 10

  init(_ execution: Execution, formats: [WireFormat], settings: FormatSettings) {
    self.execution = execution
    rows = RowEncoder(formats: formats, settings: settings)
    if let format = execution.copyOutput {
      copy = CopyEncoder(format: format, fields: execution.fields, settings: settings)
    }
  }

  /// Writes at most `rowsMax` rows (0: no limit); `written` grows by their number.
  func pump(_ rowsMax: Int, _ written: inout Int, into out: inout OutputBuffer) throws(ApusError) -> Outcome {
    while true {
      if rowsMax > 0, written >= rowsMax { return .limit }
      if out.count >= Self.outputBytesMax { return .full }
      guard let batch = current, row < batch.count else {
        current = nil
        row = 0
        guard let next = try execution.next() else { return .end }
        current = rows.prepare(next)
        continue
      }
      let limit = rowsMax > 0 ? min(batch.count, row + rowsMax - written) : batch.count
      let start = row
      if copy != nil {
        row = try encodeCopy(batch, limit, into: &out)
      } else {
        row = try rows.encode(batch, from: row, to: limit, bytesMax: Self.outputBytesMax, into: &out)
      }
      written += row - start
    }
  }

  private func encodeCopy(
    _ batch: RowEncoder.Prepared, _ limit: Int, into out: inout OutputBuffer
  ) throws(ApusError) -> Int {
    var next = row
    while next < limit, out.count < Self.outputBytesMax {
      line.removeAll(keepingCapacity: true)
      takeSignature()
      try copy?.appendRow(batch.vectors, next, into: &line)
      out.copyData(line)
      next += 1
    }
    return next
  }

  func startCopy(into out: inout OutputBuffer) {
    guard let copy else { return }
    out.copyResponse(isInput: false, isBinary: copy.isBinary, columnCount: execution.fields.count)
    let start = copy.start()
    if copy.isBinary { signature = start } else if !start.isEmpty { out.copyData(start) }
  }

  private func takeSignature() {
    guard !signature.isEmpty else { return }
    line += signature
    signature = []
  }

  func endCopy(into out: inout OutputBuffer) {
    guard let copy else { return }
    line.removeAll(keepingCapacity: true)
    takeSignature()
    line += copy.end()
    if !line.isEmpty { out.copyData(line) }
    out.copyDone()
  }
}
