// CASE, COALESCE, GREATEST and LEAST: results put together from parts.

import ApusBase
import ApusColumns
import ApusSketches

/// Puts together a vector whose parts were computed for different rows.
struct PartAssembler {
  private var parts: [(rows: SelectionVector?, vector: Vector)] = []
  private let type: DataType
  private let count: Int

  init(type: DataType, count: Int) {
    self.type = type
    self.count = count
  }

  /// Row i of `vector` is row `rows[i]` of the whole (all rows for nil). Rows that no part names are null.
  mutating func add(_ vector: Vector, rows: SelectionVector?) { parts.append((rows, vector)) }

  func assemble() throws(ApusError) -> Vector {
    if parts.count == 1, parts[0].rows == nil { return parts[0].vector.reinterpretedDeep(as: type) }
    if type.physical == .bytes, parts.allSatisfy({ $0.vector.isConstant }) { return try assembleConstants() }
    var source = [Int32](repeating: -1, count: count)
    var base: Int32 = 0
    for (rows, vector) in parts {
      if let rows {
        for index in 0..<rows.count { source[rows[index]] = base &+ Int32(truncatingIfNeeded: index) }
      } else {
        for index in 0..<count { source[index] = base &+ Int32(truncatingIfNeeded: index) }
      }
      base = base &+ Int32(truncatingIfNeeded: vector.count)
    }
    let joined = try Vector.concatenated(parts.map { $0.vector.reinterpretedDeep(as: type) }, type: type)
    return joined.gatheredOrNull(source)
  }

  /// Constant parts make a dictionary.
  private func assembleConstants() throws(ApusError) -> Vector {
    let table = BytesTable()
    let codes = Buffer.zeroed(byteCount: count * 4)
    let target = codes.write(UInt32.self)
    let valid = Bitmap(repeating: false, count: count)
    for (rows, vector) in parts where !vector.isNull(0) || vector.count == 0 {
      guard vector.count > 0 else { continue }
      let code = table.insert(vector.rawBytes(0))
      for index in 0..<vector.count {
        let row = rows.map { $0[index] } ?? index
        target[row] = code
        valid.set(row)
      }
    }
    let (offsets, data) = try table.storage()
    let dictionary = ByteDictionary(count: table.count, offsets: offsets, data: data, isSorted: false)
    return Vector(
      type: type, count: count, validity: valid, storage: .dictionary(codes: codes, width: 4, dictionary: dictionary))
  }
}

extension Vector {
  /// `reinterpreted`, inside a constant too.
  func reinterpretedDeep(as type: DataType) -> Vector {
    if self.type == type { return self }
    if case .constant(let box) = storage {
      return .repeating(VectorBox(box.vector.reinterpreted(as: type)), type: type, count: count)
    }
    return reinterpreted(as: type)
  }
}

/// Searched CASE. A branch is evaluated only on the rows that take it.
final class CaseNode: Node {
  let branches: [(condition: Node, result: Node)]
  let otherwise: Node?

  init(_ branches: [(condition: Node, result: Node)], otherwise: Node?, type: DataType) {
    self.branches = branches
    self.otherwise = otherwise
    super.init(type: type)
  }
  override var mayFail: Bool {
    branches.contains { $0.condition.mayFail || $0.result.mayFail } || (otherwise?.mayFail ?? false)
  }
  override var cost: Double { 4 + branches.reduce(0) { $0 + $1.condition.cost + $1.result.cost } }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    var assembler = PartAssembler(type: type, count: frame.count)
    // Rows that no branch has taken yet; nil for all.
    var open: SelectionVector?
    for branch in branches {
      let current = open.map { PartFrame(frame, $0) } ?? frame
      if current.count == 0 { break }
      let hits = try branch.condition.evaluate(current).trueBits
      let taken = SelectionVector(hits)
      if taken.count == 0 { continue }
      if taken.count == current.count {
        assembler.add(try branch.result.evaluate(current), rows: open)
        return try assembler.assemble()
      }
      let rows = Self.compose(open, taken)
      assembler.add(try branch.result.evaluate(PartFrame(frame, rows)), rows: rows)
      open = Self.compose(open, SelectionVector(hits.inverted()))
    }
    if let otherwise, open?.count != 0 {
      assembler.add(try otherwise.evaluate(open.map { PartFrame(frame, $0) } ?? frame), rows: open)
    } else if open == nil {
      return .nulls(type: type, count: frame.count)
    }
    return try assembler.assemble()
  }

  /// The rows of the whole that `inner` names within `outer`.
  static func compose(_ outer: SelectionVector?, _ inner: SelectionVector) -> SelectionVector {
    guard let outer else { return inner }
    let buffer = Buffer(byteCount: inner.count * 4)
    let out = buffer.write(UInt32.self)
    for index in 0..<inner.count { out[index] = UInt32(truncatingIfNeeded: outer[inner[index]]) }
    return SelectionVector(indices: buffer, count: inner.count)
  }
}

/// COALESCE: later operands only where all before are null.
final class CoalesceNode: Node {
  let operands: [Node]
  init(_ operands: [Node], type: DataType) {
    self.operands = operands
    super.init(type: type)
  }
  override var mayFail: Bool { operands.contains { $0.mayFail } }
  override var cost: Double { operands.reduce(2) { $0 + $1.cost } }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    var assembler = PartAssembler(type: type, count: frame.count)
    var open: SelectionVector?
    for operand in operands {
      let current = open.map { PartFrame(frame, $0) } ?? frame
      if current.count == 0 { break }
      let vector = try operand.evaluate(current)
      guard let valid = vector.validBits else {
        assembler.add(vector, rows: open)
        return try assembler.assemble()
      }
      let present = SelectionVector(valid)
      if present.count > 0 {
        assembler.add(vector.gathered(present), rows: CaseNode.compose(open, present))
        open = CaseNode.compose(open, SelectionVector(valid.inverted()))
      }
    }
    return try assembler.assemble()
  }
}

/// GREATEST or LEAST: nulls are skipped.
final class ExtremumNode: Node {
  let operands: [Node]
  let greatest: Bool
  init(_ operands: [Node], greatest: Bool, type: DataType) {
    self.operands = operands
    self.greatest = greatest
    super.init(type: type)
  }
  override var mayFail: Bool { operands.contains { $0.mayFail } }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    var vectors: [Vector] = []
    for operand in operands { vectors.append(try operand.evaluate(frame).reinterpretedDeep(as: type)) }
    let joined = try Vector.concatenated(vectors.map { $0.flattened() }, type: type)
    let order = try RowOrder(joined)
    var best = [Int32](repeating: -1, count: frame.count)
    for (operand, _) in vectors.enumerated() {
      let base = operand &* frame.count
      for row in 0..<frame.count where !joined.isNull(base &+ row) {
        let candidate = base &+ row
        if best[row] < 0 {
          best[row] = Int32(truncatingIfNeeded: candidate)
          continue
        }
        let compared = order.compare(candidate, Int(best[row]))
        if greatest ? compared > 0 : compared < 0 { best[row] = Int32(truncatingIfNeeded: candidate) }
      }
    }
    return joined.gatheredOrNull(best)
  }
}
