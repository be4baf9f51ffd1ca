// StateArray owns a column of fixed-width states, one a group, and the walks over rows that fill such columns.

import ApusBase
import ApusColumns

/// A growing array of states in raw memory. Not thread-safe.
struct StateArray<Element: BitwiseCopyable>: ~Copyable {
  private(set) var pointer: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity: Int
  private let initial: Element

  init(_ initial: Element) {
    self.initial = initial
    capacity = 1
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: initial)
  }

  deinit { pointer.deallocate() }

  var byteCount: Int { capacity * MemoryLayout<Element>.stride }

  mutating func grow(to groups: Int) {
    guard groups > count else { return }
    if groups > capacity {
      let size = max(groups, capacity * 2)
      let larger = UnsafeMutablePointer<Element>.allocate(capacity: size)
      larger.update(from: pointer, count: count)
      (larger + count).initialize(repeating: initial, count: size - count)
      pointer.deallocate()
      pointer = larger
      capacity = size
    }
    count = groups
  }

  @inline(__always)
  subscript(_ group: Int) -> Element {
    get { pointer[group] }
    nonmutating set { pointer[group] = newValue }
  }
}

/// Calls `body` with each row that is not null and its group. Inlined into each kernel, so that the cases are decided
/// once a batch.
@inline(__always)
func forEachRow(
  _ count: Int, _ validity: Bitmap?, _ groups: UnsafePointer<UInt32>?, _ body: (_ row: Int, _ group: Int) -> Void
) {
  if let validity {
    let words = validity.words.read(UInt64.self)
    for wordIndex in 0..<Bitmap.wordCount(count) {
      var word = words[wordIndex]
      if wordIndex == count >> 6 { word &= (1 &<< UInt64(count & 63)) &- 1 }
      let base = wordIndex &* 64
      if let groups {
        while word != 0 {
          let row = base &+ word.trailingZeroBitCount
          body(row, Int(groups[row]))
          word &= word &- 1
        }
      } else {
        while word != 0 {
          body(base &+ word.trailingZeroBitCount, 0)
          word &= word &- 1
        }
      }
    }
  } else if let groups {
    for row in 0..<count { body(row, Int(groups[row])) }
  } else {
    for row in 0..<count { body(row, 0) }
  }
}

/// Adds to each group how many of the rows are its own.
func countRows(_ count: Int, _ groups: UnsafePointer<UInt32>?, into counts: UnsafeMutablePointer<Int64>) {
  guard let groups else {
    counts[0] &+= Int64(count)
    return
  }
  for row in 0..<count { counts[Int(groups[row])] &+= 1 }
}

extension Vector {
  /// The vector without its constant form. Kernels that have no use for constants take this.
  var unwrapped: Vector { isConstant ? flattened() : self }

  /// The vector of an argument, when there is one of that number.
  static func argument(_ vectors: [Vector], _ index: Int) throws(ApusError) -> Vector {
    guard index < vectors.count else { throw .unexpected("an aggregate got \(vectors.count) arguments") }
    return vectors[index]
  }
}

/// The same states as another object of the same class, or an error.
func sameKind<T: AnyObject>(_ other: any AggregateStates, as _: T.Type) throws(ApusError) -> T {
  guard let same = other as? T else { throw .unexpected("aggregate states of two kinds were merged") }
  return same
}

/// Reads a serialised state: its version byte is checked, damage is XX001.
func readState(
  _ bytes: UnsafeRawBufferPointer, version: UInt8, _ body: (inout ByteReader) throws -> Void
) throws(ApusError) {
  var reader = ByteReader(bytes)
  do {
    let found = try reader.littleEndian(UInt8.self)
    guard found == version else { throw ApusError(.dataCorrupted, "aggregate state of unknown version \(found)") }
    try body(&reader)
    guard reader.isAtEnd else { throw ApusError(.dataCorrupted, "aggregate state has bytes left over") }
  } catch let error as ApusError {
    throw error
  } catch let error as ByteReader.Underflow {
    throw ApusError(.dataCorrupted, "aggregate state ends early, at byte \(error.offset)")
  } catch {
    throw .wrapping(error)
  }
}

/// A vector of fixed-width results with nulls where `isValid` says no.
func fixedVector<T: BitwiseCopyable>(
  _ type: DataType, _ count: Int, _ storage: (Buffer) -> Vector.Storage, isValid: (Int) -> Bool, _ value: (Int) -> T
) -> Vector {
  let buffer = Buffer.zeroed(byteCount: count * MemoryLayout<T>.stride)
  let out = buffer.write(T.self)
  let bits = Bitmap(repeating: true, count: count)
  var nulls = 0
  for group in 0..<count {
    if isValid(group) {
      out[group] = value(group)
    } else {
      bits.clear(group)
      nulls += 1
    }
  }
  return Vector(type: type, count: count, validity: nulls == 0 ? nil : bits, storage: storage(buffer))
}
