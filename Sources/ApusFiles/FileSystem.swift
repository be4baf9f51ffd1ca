// FileSystem owns the one seam to disk: everything durable in Apus is read and written through these two protocols, so
// that a simulated file system can stand in for the real one (faults, crashes, torn sectors).

public import ApusBase

/// How a file is opened.
public enum FileMode: Sendable {
  /// For reading; it must exist.
  case read
  /// For reading and writing; it must exist.
  case write
  /// For reading and writing; made if it is not there.
  case create
  /// For reading and writing; it must not exist yet.
  case createNew
}

/// An open file. Offsets and counts are in bytes. Methods may be called from any thread; overlapping writes are the
/// caller's to order. Closed at the latest when the last reference goes.
public protocol File: AnyObject, Sendable {
  var path: String { get }

  /// Reads until `buffer` is full or the file ends; returns the bytes read.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ApusError) -> Int

  /// Writes all of `bytes`, growing the file if need be. Not durable before `synchronise`.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ApusError)

  /// When this returns, every write so far survives a crash (fdatasync). The file's directory entry is another matter:
  /// see `FileSystem.synchroniseDirectory`. A failure is fatal (see `FatalStorage`), since the kernel may have dropped
  /// the dirty pages and a second fsync would lie.
  func synchronise() throws(ApusError)

  func size() throws(ApusError) -> Int
  func truncate(to bytes: Int) throws(ApusError)

  /// Makes the file at least `bytes` long, with disk blocks behind it where the file system can. New bytes read as
  /// zero.
  func preallocate(to bytes: Int) throws(ApusError)

  func close()
}

/// An exclusive lock on a file, held until `release` or the end of the process.
public protocol FileLock: AnyObject, Sendable {
  /// Replaces what the lock file says (who holds it).
  func replaceContents(_ text: String) throws(ApusError)
  func release()
}

/// Bytes of the file system that holds a path.
public struct DiskSpace: Sendable, Hashable {
  public var freeBytes: Int
  public var totalBytes: Int
  public init(freeBytes: Int, totalBytes: Int) {
    self.freeBytes = freeBytes
    self.totalBytes = totalBytes
  }
}

/// A file system. Paths are absolute or relative to the working directory, with `/` between parts.
/// Errors: 53100 when the disk is full, 58P01 when a file is not there, else 58030.
public protocol FileSystem: AnyObject, Sendable {
  /// Where a failed synchronisation ends.
  var fatal: FatalStorage { get }

  func open(_ path: String, _ mode: FileMode) throws(ApusError) -> any File
  func exists(_ path: String) throws(ApusError) -> Bool
  /// Replaces `target` if it is there. Durable after the directory of `target` is synchronised.
  func rename(_ source: String, to target: String) throws(ApusError)
  /// Removes a file. Durable after its directory is synchronised.
  func remove(_ path: String) throws(ApusError)
  /// Removes an empty directory.
  func removeDirectory(_ path: String) throws(ApusError)
  /// The names in a directory, sorted, without `.` and `..`.
  func list(_ directory: String) throws(ApusError) -> [String]
  func isDirectory(_ path: String) throws(ApusError) -> Bool
  /// Makes a directory of mode 0700 unless it is there. Its parent must exist.
  func makeDirectory(_ path: String) throws(ApusError)
  /// When this returns, the names in `directory` survive a crash. A failure is fatal, as that of `File.synchronise`.
  func synchroniseDirectory(_ directory: String) throws(ApusError)
  /// Takes an exclusive lock on `path`, made if it is not there; nil if somebody else holds it.
  func lock(_ path: String) throws(ApusError) -> (any FileLock)?
  func diskSpace(at path: String) throws(ApusError) -> DiskSpace
}

/// What precedes the last `/` of a path; `.` if there is none.
public func directoryName(_ path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// What follows the last `/` of a path.
public func lastComponent(_ path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return path }
  return String(path[path.index(after: slash)...])
}
