// DurableVerbs owns the operations named by what they guarantee, so that nobody forgets an fsync.

public import ApusBase

extension FileSystem {
  /// When this returns, `path` holds `bytes`, crash or not; if it throws or the machine stops, it holds what it held.
  public func writeAtomically(_ bytes: [UInt8], to path: String) throws(ApusError) {
    let temporary = path + ".new"
    let file = try open(temporary, .create)
    defer { file.close() }
    try file.truncate(to: 0)
    try file.write(bytes, at: 0)
    try file.synchronise()
    try rename(temporary, to: path)
    try synchroniseDirectory(directoryName(path))
  }

  /// When this returns, the new empty file `path` survives a crash.
  public func createDurably(_ path: String) throws(ApusError) -> any File {
    let file = try open(path, .createNew)
    try file.synchronise()
    try synchroniseDirectory(directoryName(path))
    return file
  }

  /// When this returns, `path` is gone for good.
  public func removeDurably(_ path: String) throws(ApusError) {
    try remove(path)
    try synchroniseDirectory(directoryName(path))
  }

  /// When this returns, the directory survives a crash (its parent must).
  public func makeDirectoryDurably(_ path: String) throws(ApusError) {
    if try exists(path) { return }
    try makeDirectory(path)
    try synchroniseDirectory(directoryName(path))
  }

  /// The whole of a file of at most `bytesMax` bytes.
  public func readWhole(_ path: String, bytesMax: Int) throws(ApusError) -> [UInt8] {
    let file = try open(path, .read)
    defer { file.close() }
    let size = try file.size()
    guard size <= bytesMax else {
      throw ApusError(.programLimitExceeded, "file \"\(path)\" of \(size) bytes is larger than \(bytesMax) bytes")
    }
    return try file.read(size, at: 0)
  }
}

extension File {
  /// When this returns, `bytes` lie at `offset` and survive a crash, if the file's directory entry does.
  public func appendDurably(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ApusError) {
    try write(bytes, at: offset)
    try synchronise()
  }

  public func write(_ bytes: [UInt8], at offset: Int) throws(ApusError) {
    let outcome = bytes.withUnsafeBytes { raw in
      Result { () throws(ApusError) in try write(raw, at: offset) }
    }
    try outcome.get()
  }

  /// Up to `count` bytes from `offset`: fewer if the file ends before.
  public func read(_ count: Int, at offset: Int) throws(ApusError) -> [UInt8] {
    guard count > 0 else { return [] }
    var failure: ApusError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(ApusError) {
        filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      } catch {
        failure = error
        filled = 0
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
