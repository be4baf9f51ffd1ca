// PluginMemory owns how structs and strings of the C ABI are read and made: no field past a struct's size, no pointer
// that is absent, and memory that lives as long as a call needs it.

import ApusBase
import CApusABI

/// Reads a struct that begins with its size: the fields that it has, zeroes for the rest.
func readSized<T>(_ pointer: UnsafePointer<T>, _ empty: T) -> T {
  var copy = empty
  let size = UnsafeRawPointer(pointer).load(as: Int.self)
  let known = min(max(size, 0), MemoryLayout<T>.size)
  withUnsafeMutableBytes(of: &copy) { raw in
    raw.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: known))
  }
  return copy
}

/// A C string, at most `limit` bytes of it; nil for none or one that is not UTF-8.
func text(_ pointer: UnsafePointer<CChar>?, limit: Int = 4096) -> String? {
  guard let pointer else { return nil }
  var length = 0
  while length < limit, pointer[length] != 0 { length += 1 }
  return String(validating: UnsafeRawBufferPointer(start: pointer, count: length), as: UTF8.self)
}

/// A name that SQL can say without quotes.
func isPlainName(_ name: String) -> Bool {
  guard let first = name.utf8.first, name.utf8.count <= Limits.identifierBytesMax else { return false }
  let isLetter: (UInt8) -> Bool = { ($0 >= 97 && $0 <= 122) || $0 == 95 }
  return isLetter(first) && name.utf8.allSatisfy { isLetter($0) || ($0 >= 48 && $0 <= 57) }
}

/// Memory for the structs of one call.
final class Arena {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  func string(_ text: String) -> UnsafePointer<CChar> {
    let bytes = Array(text.utf8)
    let place = UnsafeMutableRawPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
    place.copyMemory(from: bytes, byteCount: bytes.count)
    place.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
    blocks.append(place)
    return UnsafePointer(place.assumingMemoryBound(to: CChar.self))
  }

  func bytes(_ raw: [UInt8]) -> UnsafePointer<CChar> {
    let place = UnsafeMutableRawPointer.allocate(byteCount: max(1, raw.count), alignment: 1)
    place.copyMemory(from: raw, byteCount: raw.count)
    blocks.append(place)
    return UnsafePointer(place.assumingMemoryBound(to: CChar.self))
  }

  func array<T: BitwiseCopyable>(_ values: [T]) -> UnsafeMutablePointer<T> {
    let place = UnsafeMutablePointer<T>.allocate(capacity: max(1, values.count))
    for (index, value) in values.enumerated() { (place + index).initialize(to: value) }
    blocks.append(UnsafeMutableRawPointer(place))
    return place
  }

  func strings(_ values: [String]) -> UnsafePointer<UnsafePointer<CChar>?> {
    UnsafePointer(array(values.map { Optional(string($0)) }))
  }

  func options(_ options: [(key: String, value: String)]) -> UnsafePointer<ApusOption> {
    UnsafePointer(array(options.map { ApusOption(key: string($0.key), value: string($0.value)) }))
  }
}
