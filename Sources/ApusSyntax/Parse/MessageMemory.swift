// MessageMemory owns the memory of one unpacked parse tree: chunks filled from front to back and freed at once, so that
// freeing a deep tree neither recurses nor visits its nodes.
import CPgQuery
import Glibc

final class MessageMemory {
  private var chunks: [UnsafeMutableRawPointer] = []
  private var next = 0
  private var capacity = 0
  private var chunkBytes = 16 << 10

  deinit {
    for chunk in chunks { free(chunk) }
  }

  fileprivate func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
    let needed = (count + 15) & ~15
    if needed > capacity - next || chunks.isEmpty {
      let size = max(needed, chunkBytes)
      guard let chunk = malloc(size) else { return nil }
      chunks.append(chunk)
      next = 0
      capacity = size
      if chunkBytes < 1 << 20 { chunkBytes *= 2 }
    }
    defer { next += needed }
    return chunks[chunks.count - 1] + next
  }

  /// The tree of a packed message, living as long as this object; nil when it does not decode.
  func unpack(_ bytes: UnsafeMutablePointer<CChar>?, count: Int) -> UnsafeMutablePointer<PgQuery__ParseResult>? {
    guard let bytes else { return nil }
    var allocator = ProtobufCAllocator(
      alloc: { data, count in
        guard let data else { return nil }
        return Unmanaged<MessageMemory>.fromOpaque(data).takeUnretainedValue().allocate(count)
      }, free: { _, _ in }, allocator_data: Unmanaged.passUnretained(self).toOpaque())
    return bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
      pg_query__parse_result__unpack(&allocator, count, $0)
    }
  }
}
