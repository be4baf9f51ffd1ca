// SQLiteFileSystem owns SQLite's view of our files: a sqlite3_vfs whose callbacks go to a `FileSystem`, so that the
// catalog crashes, tears and fails in simulation like every other file.

public import ApusBase
private import CSQLite
private import Glibc
private import Synchronization

/// What the callbacks of one registered VFS reach through its `pAppData`.
private final class SQLiteVolume: Sendable {
  let system: any FileSystem
  init(_ system: any FileSystem) { self.system = system }
}

/// One open file of SQLite's.
private final class SQLiteFile: Sendable {
  let file: any File
  let system: any FileSystem
  /// A new journal's name must survive along with its first synchronised bytes.
  let needsDirectorySynchronised: Atomic<Bool>
  let removeAtClose: Bool

  init(file: any File, system: any FileSystem, isNew: Bool, removeAtClose: Bool) {
    self.file = file
    self.system = system
    needsDirectorySynchronised = Atomic(isNew)
    self.removeAtClose = removeAtClose
  }
}

/// The memory SQLite sets aside for a file: its own header, then our object.
private struct SQLiteFileSlot {
  var base: sqlite3_file
  var object: UnsafeMutableRawPointer?
}

private struct RegisteredVolumes {
  var count = 0
}

private let registered = Mutex(RegisteredVolumes())

/// A `FileSystem` registered with SQLite under a name of its own, until released.
public final class SQLiteFileSystem: Sendable {
  /// The name to give to sqlite3_open_v2.
  public let name: String
  private let vfs: UInt
  private let volume: UInt
  private let nameBytes: UInt

  public init(_ system: any FileSystem) throws(ApusError) {
    guard sqlite3_initialize() == SQLITE_OK else { throw ApusError(.internalError, "SQLite could not be initialised") }
    let number = registered.withLock { state in
      state.count += 1
      return state.count
    }
    name = "apus-\(number)"
    let copy = strdup(name)
    let volume = Unmanaged.passRetained(SQLiteVolume(system)).toOpaque()
    let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    vfs.initialize(to: sqlite3_vfs())
    vfs.pointee.iVersion = 2
    vfs.pointee.szOsFile = Int32(MemoryLayout<SQLiteFileSlot>.size)
    vfs.pointee.mxPathname = 4096
    vfs.pointee.zName = UnsafePointer(copy)
    vfs.pointee.pAppData = volume
    vfs.pointee.xOpen = { openFile($0, $1, $2, $3, $4) }
    vfs.pointee.xDelete = { deleteFile($0, $1, $2) }
    vfs.pointee.xAccess = { accessFile($0, $1, $2, $3) }
    vfs.pointee.xFullPathname = { fullPathname($0, $1, $2, $3) }
    vfs.pointee.xRandomness = { randomness($0, $1, $2) }
    vfs.pointee.xSleep = { _, microseconds in
      usleep(UInt32(max(0, microseconds)))
      return microseconds
    }
    vfs.pointee.xCurrentTime = { _, days in
      days?.pointee = Double(SystemClock().now()) / 86_400_000_000 + 2_440_587.5
      return SQLITE_OK
    }
    vfs.pointee.xCurrentTimeInt64 = { _, milliseconds in
      milliseconds?.pointee = SystemClock().now() / 1_000 + 210_866_760_000_000
      return SQLITE_OK
    }
    vfs.pointee.xGetLastError = { _, _, _ in 0 }
    sqlite3_vfs_register(vfs, 0)
    self.vfs = UInt(bitPattern: vfs)
    self.volume = UInt(bitPattern: volume)
    nameBytes = UInt(bitPattern: copy)
  }

  deinit {
    guard let vfs = UnsafeMutablePointer<sqlite3_vfs>(bitPattern: vfs) else { return }
    sqlite3_vfs_unregister(vfs)
    vfs.deallocate()
    free(UnsafeMutableRawPointer(bitPattern: nameBytes))
    if let volume = UnsafeMutableRawPointer(bitPattern: volume) { Unmanaged<SQLiteVolume>.fromOpaque(volume).release() }
  }
}

// MARK: Callbacks of the VFS

private func volume(_ vfs: UnsafeMutablePointer<sqlite3_vfs>?) -> SQLiteVolume? {
  guard let data = vfs?.pointee.pAppData else { return nil }
  return Unmanaged<SQLiteVolume>.fromOpaque(data).takeUnretainedValue()
}

private func openFile(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>?,
  _ flags: Int32, _ outFlags: UnsafeMutablePointer<Int32>?
) -> Int32 {
  guard let file else { return SQLITE_MISUSE }
  file.pointee.pMethods = nil
  // Temporary files stay in memory (temp_store), so SQLite never has reason to ask for an unnamed one.
  guard let volume = volume(vfs), let name else { return SQLITE_CANTOPEN }
  let path = String(cString: name)
  do throws(ApusError) {
    let isNew = try !volume.system.exists(path)
    if isNew, flags & SQLITE_OPEN_CREATE == 0 { return SQLITE_CANTOPEN }
    let mode: FileMode = flags & SQLITE_OPEN_READONLY != 0 ? .read : isNew ? .create : .write
    let opened = SQLiteFile(
      file: try volume.system.open(path, mode), system: volume.system, isNew: isNew,
      removeAtClose: flags & SQLITE_OPEN_DELETEONCLOSE != 0)
    file.withMemoryRebound(to: SQLiteFileSlot.self, capacity: 1) {
      $0.pointee.object = Unmanaged.passRetained(opened).toOpaque()
    }
    file.pointee.pMethods = UnsafePointer(bitPattern: fileMethods)
    outFlags?.pointee = flags
    return SQLITE_OK
  } catch {
    return error.state == .diskFull ? SQLITE_FULL : SQLITE_CANTOPEN
  }
}

private func deleteFile(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ synchroniseDirectory: Int32
) -> Int32 {
  guard let volume = volume(vfs), let name else { return SQLITE_MISUSE }
  let path = String(cString: name)
  do throws(ApusError) {
    guard try volume.system.exists(path) else { return SQLITE_IOERR_DELETE_NOENT_CODE }
    try volume.system.remove(path)
    if synchroniseDirectory != 0 { try volume.system.synchroniseDirectory(directoryName(path)) }
    return SQLITE_OK
  } catch {
    return SQLITE_IOERR | (10 << 8)
  }
}

/// SQLITE_IOERR_DELETE_NOENT, which is a macro Swift does not import.
private let SQLITE_IOERR_DELETE_NOENT_CODE: Int32 = SQLITE_IOERR | (23 << 8)

private func accessFile(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ flags: Int32,
  _ result: UnsafeMutablePointer<Int32>?
) -> Int32 {
  guard let volume = volume(vfs), let name else { return SQLITE_MISUSE }
  do throws(ApusError) {
    result?.pointee = try volume.system.exists(String(cString: name)) ? 1 : 0
    return SQLITE_OK
  } catch {
    return SQLITE_IOERR | (13 << 8)
  }
}

private func fullPathname(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ capacity: Int32,
  _ out: UnsafeMutablePointer<CChar>?
) -> Int32 {
  guard let name, let out else { return SQLITE_MISUSE }
  let length = strlen(name)
  guard length < Int(capacity) else { return SQLITE_CANTOPEN }
  memcpy(out, name, length + 1)
  return SQLITE_OK
}

private func randomness(
  _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ count: Int32, _ out: UnsafeMutablePointer<CChar>?
) -> Int32 {
  guard let out, count > 0 else { return 0 }
  var generator = SystemRandomNumberGenerator()
  for index in 0..<Int(count) { out[index] = CChar(truncatingIfNeeded: generator.next()) }
  return count
}

// MARK: Callbacks of a file

/// The method table all files share, made once and never freed.
private let fileMethods: UInt = {
  let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
  methods.initialize(to: sqlite3_io_methods())
  methods.pointee.iVersion = 1
  methods.pointee.xClose = { closeFile($0) }
  methods.pointee.xRead = { readFile($0, $1, $2, $3) }
  methods.pointee.xWrite = { writeFile($0, $1, $2, $3) }
  methods.pointee.xTruncate = { truncateFile($0, $1) }
  methods.pointee.xSync = { file, _ in synchroniseFile(file) }
  methods.pointee.xFileSize = { sizeOfFile($0, $1) }
  // One process at a time holds the data directory's LOCK, and one connection at a time the catalog.
  methods.pointee.xLock = { _, _ in SQLITE_OK }
  methods.pointee.xUnlock = { _, _ in SQLITE_OK }
  methods.pointee.xCheckReservedLock = { _, result in
    result?.pointee = 0
    return SQLITE_OK
  }
  methods.pointee.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
  methods.pointee.xSectorSize = { _ in Int32(SimulatedFileSystem.sectorBytes) }
  // No promises: sectors may tear, appends may show before their bytes.
  methods.pointee.xDeviceCharacteristics = { _ in 0 }
  return UInt(bitPattern: methods)
}()

private func object(_ file: UnsafeMutablePointer<sqlite3_file>?) -> SQLiteFile? {
  guard let file else { return nil }
  let pointer = file.withMemoryRebound(to: SQLiteFileSlot.self, capacity: 1) { $0.pointee.object }
  guard let pointer else { return nil }
  return Unmanaged<SQLiteFile>.fromOpaque(pointer).takeUnretainedValue()
}

private func closeFile(_ file: UnsafeMutablePointer<sqlite3_file>?) -> Int32 {
  guard let opened = object(file), let file else { return SQLITE_OK }
  opened.file.close()
  if opened.removeAtClose { try? opened.system.remove(opened.file.path) }
  file.withMemoryRebound(to: SQLiteFileSlot.self, capacity: 1) {
    if let pointer = $0.pointee.object { Unmanaged<SQLiteFile>.fromOpaque(pointer).release() }
    $0.pointee.object = nil
  }
  return SQLITE_OK
}

private func readFile(
  _ file: UnsafeMutablePointer<sqlite3_file>?, _ out: UnsafeMutableRawPointer?, _ count: Int32, _ offset: Int64
) -> Int32 {
  guard let opened = object(file), let out else { return SQLITE_MISUSE }
  let buffer = UnsafeMutableRawBufferPointer(start: out, count: Int(count))
  do throws(ApusError) {
    let read = try opened.file.read(into: buffer, at: Int(offset))
    if read == buffer.count { return SQLITE_OK }
    memset(out + read, 0, buffer.count - read)
    return SQLITE_IOERR | (2 << 8)  // SQLITE_IOERR_SHORT_READ
  } catch {
    return SQLITE_IOERR | (1 << 8)  // SQLITE_IOERR_READ
  }
}

private func writeFile(
  _ file: UnsafeMutablePointer<sqlite3_file>?, _ bytes: UnsafeRawPointer?, _ count: Int32, _ offset: Int64
) -> Int32 {
  guard let opened = object(file), let bytes else { return SQLITE_MISUSE }
  do throws(ApusError) {
    try opened.file.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)), at: Int(offset))
    return SQLITE_OK
  } catch {
    return error.state == .diskFull ? SQLITE_FULL : SQLITE_IOERR | (3 << 8)  // SQLITE_IOERR_WRITE
  }
}

private func truncateFile(_ file: UnsafeMutablePointer<sqlite3_file>?, _ size: Int64) -> Int32 {
  guard let opened = object(file) else { return SQLITE_MISUSE }
  do throws(ApusError) {
    try opened.file.truncate(to: Int(size))
    return SQLITE_OK
  } catch {
    return SQLITE_IOERR | (6 << 8)  // SQLITE_IOERR_TRUNCATE
  }
}

private func synchroniseFile(_ file: UnsafeMutablePointer<sqlite3_file>?) -> Int32 {
  guard let opened = object(file) else { return SQLITE_MISUSE }
  do throws(ApusError) {
    try opened.file.synchronise()
    if opened.needsDirectorySynchronised.exchange(false, ordering: .acquiringAndReleasing) {
      try opened.system.synchroniseDirectory(directoryName(opened.file.path))
    }
    return SQLITE_OK
  } catch {
    return SQLITE_IOERR | (4 << 8)  // SQLITE_IOERR_FSYNC
  }
}

private func sizeOfFile(_ file: UnsafeMutablePointer<sqlite3_file>?, _ out: UnsafeMutablePointer<Int64>?) -> Int32 {
  guard let opened = object(file) else { return SQLITE_MISUSE }
  do throws(ApusError) {
    out?.pointee = Int64(try opened.file.size())
    return SQLITE_OK
  } catch {
    return SQLITE_IOERR | (7 << 8)  // SQLITE_IOERR_FSTAT
  }
}
