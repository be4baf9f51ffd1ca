// ScanFrame owns the rows of a part of a row group: columns that are read when they are first asked for.

import ApusBase
import ApusColumns
import ApusFunctions

final class ScanFrame: Frame {
  private let group: any RowGroup
  private let columns: [ColumnReference]
  private let rows: Range<Int>
  private let context: EvaluationContext
  private var cache: [Vector?]

  init(_ group: any RowGroup, _ columns: [ColumnReference], rows: Range<Int>, context: EvaluationContext) {
    self.group = group
    self.columns = columns
    self.rows = rows
    self.context = context
    cache = Array(repeating: nil, count: columns.count)
    super.init(count: rows.count)
  }

  override func column(_ index: Int) throws(ApusError) -> Vector {
    guard index < columns.count else { throw .unexpected("column \(index) of a scan of \(columns.count)") }
    if let known = cache[index] { return known }
    let vector = try group.read(columns[index], rows: rows)
    cache[index] = vector
    return vector
  }

  /// A path that is wanted as a typed value may fail on rows that filters exclude: then only the rows that are left are
  /// cast.
  override func column(_ index: Int, rows selection: SelectionVector) throws(ApusError) -> Vector {
    guard index < columns.count else { throw .unexpected("column \(index) of a scan of \(columns.count)") }
    let reference = columns[index]
    do throws(ApusError) {
      return try column(index).gathered(selection)
    } catch {
      guard !reference.path.isEmpty, reference.type != .text, reference.type != .jsonb,
        let cast = FunctionRegistry.standard.cast(from: .text, to: reference.type)?.function
      else { throw error }
      let asText = ColumnReference(column: reference.column, path: reference.path, type: .text)
      let text = try group.read(asText, rows: rows).gathered(selection)
      return try cast.evaluate([text], text.count, context)
    }
  }
}
