// RealFileSystem owns the system calls: the only place in Apus that reads, writes and synchronises files.

public import ApusBase
private import CApusSystem
private import Glibc
private import Synchronization

/// The error of a failed system call on `path`.
func systemError(_ verb: String, _ path: String, _ code: Int32) -> ApusError {
  let state: SQLState
  switch code {
  case ENOSPC, EDQUOT: state = .diskFull
  case ENOENT: state = SQLState("58P01")
  case EACCES, EPERM: state = .insufficientPrivilege
  default: state = .ioError
  }
  return ApusError(state, "could not \(verb) \"\(path)\": \(String(cString: strerror(code)))")
}

/// The operating system's files.
public final class RealFileSystem: FileSystem {
  public let fatal: FatalStorage

  public init(fatal: FatalStorage = .process) { self.fatal = fatal }

  public func open(_ path: String, _ mode: FileMode) throws(ApusError) -> any File {
    let flags: Int32 =
      switch mode {
      case .read: O_RDONLY
      case .write: O_RDWR
      case .create: O_RDWR | O_CREAT
      case .createNew: O_RDWR | O_CREAT | O_EXCL
      }
    let descriptor = Self.retrying { Glibc.open(path, flags | O_CLOEXEC, 0o600) }
    guard descriptor >= 0 else { throw systemError("open file", path, errno) }
    return RealFile(path: path, descriptor: descriptor, fatal: fatal)
  }

  public func exists(_ path: String) throws(ApusError) -> Bool {
    if access(path, F_OK) == 0 { return true }
    guard errno == ENOENT || errno == ENOTDIR else { throw systemError("look up", path, errno) }
    return false
  }

  public func rename(_ source: String, to target: String) throws(ApusError) {
    guard Glibc.rename(source, target) == 0 else { throw systemError("rename file", source, errno) }
  }

  public func remove(_ path: String) throws(ApusError) {
    guard unlink(path) == 0 else { throw systemError("remove file", path, errno) }
  }

  public func removeDirectory(_ path: String) throws(ApusError) {
    guard rmdir(path) == 0 else { throw systemError("remove directory", path, errno) }
  }

  public func list(_ directory: String) throws(ApusError) -> [String] {
    guard let stream = opendir(directory) else { throw systemError("open directory", directory, errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw systemError("read directory", directory, errno) }
    return names.sorted()
  }

  public func isDirectory(_ path: String) throws(ApusError) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return false }
      throw systemError("look up", path, errno)
    }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  public func makeDirectory(_ path: String) throws(ApusError) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw systemError("create directory", path, errno) }
  }

  public func synchroniseDirectory(_ directory: String) throws(ApusError) {
    let descriptor = Self.retrying { Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw systemError("open directory", directory, errno) }
    defer { Glibc.close(descriptor) }
    guard Self.retrying({ fsync(descriptor) }) == 0 else {
      let error = systemError("fsync directory", directory, errno)
      fatal.report(error)
      throw error
    }
  }

  public func lock(_ path: String) throws(ApusError) -> (any FileLock)? {
    let descriptor = Self.retrying { Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
    guard descriptor >= 0 else { throw systemError("open file", path, errno) }
    let outcome = apus_lock_exclusive(descriptor)
    guard outcome == 0 else {
      Glibc.close(descriptor)
      if outcome == EWOULDBLOCK { return nil }
      throw systemError("lock file", path, outcome)
    }
    return RealFileLock(path: path, descriptor: descriptor)
  }

  public func diskSpace(at path: String) throws(ApusError) -> DiskSpace {
    var free: Int64 = 0
    var total: Int64 = 0
    let outcome = apus_disk_space(path, &free, &total)
    guard outcome == 0 else { throw systemError("read free space of", path, outcome) }
    return DiskSpace(freeBytes: Int(free), totalBytes: Int(total))
  }

  fileprivate static func retrying<R: SignedInteger>(_ call: () -> R) -> R {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }
}

private final class RealFile: File {
  let path: String
  private let descriptor: Int32
  private let fatal: FatalStorage
  private let isOpen = Atomic<Bool>(true)

  init(path: String, descriptor: Int32, fatal: FatalStorage) {
    self.path = path
    self.descriptor = descriptor
    self.fatal = fatal
  }

  deinit { close() }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ApusError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var done = 0
    while done < buffer.count {
      let count = RealFileSystem.retrying { pread(descriptor, base + done, buffer.count - done, off_t(offset + done)) }
      if count < 0 { throw systemError("read file", path, errno) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ApusError) {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let count = RealFileSystem.retrying { pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done)) }
      if count < 0 { throw systemError("write file", path, errno) }
      if count == 0 { throw systemError("write file", path, EIO) }
      done += count
    }
  }

  func synchronise() throws(ApusError) {
    guard RealFileSystem.retrying({ fdatasync(descriptor) }) == 0 else {
      let error = systemError("fsync file", path, errno)
      fatal.report(error)
      throw error
    }
  }

  func size() throws(ApusError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError("look up", path, errno) }
    return Int(status.st_size)
  }

  func truncate(to bytes: Int) throws(ApusError) {
    guard RealFileSystem.retrying({ ftruncate(descriptor, off_t(bytes)) }) == 0 else {
      throw systemError("truncate file", path, errno)
    }
  }

  func preallocate(to bytes: Int) throws(ApusError) {
    let have = try size()
    guard have < bytes else { return }
    let outcome = apus_preallocate(descriptor, Int64(have), Int64(bytes - have))
    if outcome == 0 { return }
    // A file system without fallocate: the size at least.
    guard outcome == EOPNOTSUPP || outcome == ENOSYS else { throw systemError("extend file", path, outcome) }
    try truncate(to: bytes)
  }

  func close() {
    if isOpen.exchange(false, ordering: .acquiringAndReleasing) { Glibc.close(descriptor) }
  }
}

private final class RealFileLock: FileLock {
  private let path: String
  private let descriptor: Int32
  private let isHeld = Atomic<Bool>(true)

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { release() }

  func replaceContents(_ text: String) throws(ApusError) {
    let bytes = Array(text.utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw systemError("write file", path, errno)
    }
  }

  func release() {
    guard isHeld.exchange(false, ordering: .acquiringAndReleasing) else { return }
    _ = ftruncate(descriptor, 0)
    Glibc.close(descriptor)
  }
}
