// WriteAheadLog owns the writing of the log: one thread gathers what waits, writes it at once, synchronises once, and
// hands it on in the order of LSNs.

import ApusBase
import ApusFiles

/// The log being written. `append` may be called from any thread.
final class WriteAheadLog: Sendable {
  /// One commit on its way.
  struct Entry: Sendable {
    var payload: [UInt8]
    var commit: PendingCommit
  }

  /// What the log does with its entries once they are durable, on the log's thread.
  protocol Receiver: AnyObject, Sendable {
    /// Entries with their LSNs, ascending. Everything up to the last is durable.
    func logDidWrite(_ entries: [(LSN, Entry)])
    /// The entries are not durable and never will be.
    func logDidFail(_ entries: [Entry], _ error: ApusError)
  }

  struct Settings: Sendable {
    /// A file that reaches this size is followed by a new one.
    var fileBytes = 64 << 20
    /// Disk blocks are set aside in steps of this size, so that a synchronisation need not find any.
    var preallocationBytes = 4 << 20
    /// A group is closed at this size: the next begins after its synchronisation.
    var groupBytesMax = 16 << 20
  }

  private struct Queue {
    var entries: [Entry] = []
    var bytes = 0
    var releaseBelow = LSN.zero
    var hasRelease = false
    var isStopping = false
    var failure: ApusError?
    /// Calls waiting for a release to be carried out.
    var releasesDone = 0
  }

  /// What only the log's thread touches.
  private struct Writing {
    var file: (any File)?
    var number: UInt64
    var fileID: UInt64 = 0
    var offset = 0
    var preallocated = 0
    var nextLSN: LSN
    var durable: LSN
    /// Older files with their first LSNs, oldest first, the current one last.
    var files: [(number: UInt64, firstLSN: LSN)]
  }

  private let directory: String
  private let system: any FileSystem
  private let storeID: UInt64
  private let settings: Settings
  private let queue = Monitor(Queue())
  private let writing: Monitor<Writing>
  private let thread = Monitor<StoreThread?>(nil)

  /// Continues after `lastLSN` in a new file. `older` are the files kept for replay, oldest first.
  init(
    directory: String, system: any FileSystem, storeID: UInt64, lastLSN: LSN, highestNumber: UInt64,
    older: [(number: UInt64, firstLSN: LSN)], settings: Settings
  ) throws(ApusError) {
    self.directory = directory
    self.system = system
    self.storeID = storeID
    self.settings = settings
    writing = Monitor(
      Writing(number: highestNumber, nextLSN: lastLSN.next, durable: lastLSN, files: older))
    try rotate()
  }

  /// Starts the log's thread.
  func start(_ receiver: any Receiver) {
    let started = StoreThread("apus-wal") { [self] in run(receiver) }
    thread.withLock { $0 = started }
  }

  /// Queues a commit. The receiver hears of it in any case, except when this throws.
  func append(_ entry: Entry) throws(ApusError) {
    let failure: ApusError? = queue.update { queue in
      if let failure = queue.failure { return failure }
      if queue.isStopping { return ApusError(.cannotConnectNow, "the store is closing") }
      queue.entries.append(entry)
      queue.bytes += entry.payload.count
      return nil
    }
    if let failure { throw failure }
  }

  /// Bytes of commits that wait for the disk.
  var queuedBytes: Int { queue.withLock { $0.bytes } }

  /// Lets go of every file whose records all lie below `lsn`.
  func release(below lsn: LSN) {
    queue.update { queue in
      queue.releaseBelow = max(queue.releaseBelow, lsn)
      queue.hasRelease = true
    }
  }

  /// As `release`, and returns when it is done.
  func releaseAndWait(below lsn: LSN) {
    let ticket: Int = queue.update { queue in
      queue.releaseBelow = max(queue.releaseBelow, lsn)
      queue.hasRelease = true
      return queue.releasesDone + 1
    }
    queue.wait { queue in queue.releasesDone >= ticket || queue.failure != nil || queue.isStopping ? () : nil }
  }

  /// Writes what waits and an end mark, and stops the thread.
  func stop() {
    queue.update { $0.isStopping = true }
    thread.withLock { $0?.join() }
    writing.withLock { writing in
      if queue.withLock({ $0.failure }) == nil { try? writeEndMark(&writing) }
      writing.file?.close()
      writing.file = nil
    }
  }

  /// Stops without an end mark, as a crash would.
  func abandon(_ error: ApusError) {
    queue.update { queue in
      queue.failure = queue.failure ?? error
      queue.isStopping = true
    }
    thread.withLock { $0?.join() }
  }

  // MARK: The thread

  private enum Work {
    case group([Entry])
    case release(LSN)
    case stop
  }

  private func run(_ receiver: any Receiver) {
    while true {
      let work: Work = queue.wait { queue in takeWork(&queue) } ?? .stop
      switch work {
      case .stop: return
      case .release(let lsn):
        // A file that stays costs disk space, nothing else: the next release tries again.
        do throws(ApusError) {
          try writing.withLock { (writing) throws(ApusError) in try remove(below: lsn, &writing) }
        } catch {
          Log.warning("wal", "log files could not be removed", ["error": error.message])
        }
        queue.update { $0.releasesDone += 1 }
      case .group(let entries): write(entries, receiver)
      }
    }
  }

  private func takeWork(_ queue: inout Queue) -> Work? {
    if !queue.entries.isEmpty {
      var bytes = 0
      var count = 0
      while count < queue.entries.count,
        count == 0 || bytes + queue.entries[count].payload.count <= settings.groupBytesMax
      {
        bytes += queue.entries[count].payload.count
        count += 1
      }
      let taken = Array(queue.entries[0..<count])
      queue.entries.removeFirst(count)
      queue.bytes -= bytes
      return .group(taken)
    }
    if queue.hasRelease {
      queue.hasRelease = false
      return .release(queue.releaseBelow)
    }
    return queue.isStopping ? .stop : nil
  }

  private func write(_ entries: [Entry], _ receiver: any Receiver) {
    if let failure = queue.withLock({ $0.failure }) {
      receiver.logDidFail(entries, failure)
      return
    }
    do throws(ApusError) {
      let first = try writing.withLock { (writing) throws(ApusError) in try writeGroup(entries, &writing) }
      var durable: [(LSN, Entry)] = []
      durable.reserveCapacity(entries.count)
      for (index, entry) in entries.enumerated() { durable.append((LSN(first.value &+ UInt64(index)), entry)) }
      receiver.logDidWrite(durable)
    } catch {
      // A failed write leaves the file's end where it was, and may be tried again by the next commit; a failed
      // synchronisation is the end.
      if let fatal = system.fatal.failure { queue.update { $0.failure = $0.failure ?? fatal } }
      receiver.logDidFail(entries, error)
    }
  }

  /// Writes and synchronises a group; returns its first LSN.
  private func writeGroup(_ entries: [Entry], _ writing: inout Writing) throws(ApusError) -> LSN {
    let started = monotonicNanoseconds()
    if writing.offset >= settings.fileBytes { try rotate(&writing) }
    guard let file = writing.file else { throw ApusError(.ioError, "the log is closed") }
    let total = entries.reduce(0) { $0 + LogFormat.aligned(LogFormat.recordHeaderBytes + $1.payload.count) }
    let group = UnsafeMutableRawBufferPointer.allocate(byteCount: total, alignment: 8)
    defer { group.deallocate() }
    let first = writing.nextLSN
    var place = 0
    for (index, entry) in entries.enumerated() {
      let lsn = LSN(first.value &+ UInt64(index))
      place = Self.put(
        .commit, lsn, writing.durable, entry.payload, writing.fileID, at: place, base: writing.offset, group)
    }
    let end = writing.offset + total
    if end > writing.preallocated {
      let step = settings.preallocationBytes
      let wanted = max(end, (end / step + 1) * step)
      try file.preallocate(to: wanted)
      writing.preallocated = wanted
    }
    try file.appendDurably(UnsafeRawBufferPointer(group), at: writing.offset)
    writing.offset = end
    writing.nextLSN = LSN(first.value &+ UInt64(entries.count))
    writing.durable = LSN(writing.nextLSN.value &- 1)
    let seconds = Double(monotonicNanoseconds() &- started) / 1e9
    Metrics.shared.add("apus_wal_bytes_total", Double(total), help: "Bytes written to the log.")
    Metrics.shared.observe("apus_wal_write_seconds", seconds: seconds, help: "Writing and synchronising one group.")
    return first
  }

  /// Lays one record into `group` at `place`; returns the place of the next.
  private static func put(
    _ kind: LogFormat.Kind, _ lsn: LSN, _ durable: LSN, _ payload: [UInt8], _ fileID: UInt64, at place: Int, base: Int,
    _ group: UnsafeMutableRawBufferPointer
  ) -> Int {
    let end = place + LogFormat.recordHeaderBytes + payload.count
    group.storeBytes(
      of: UInt32(truncatingIfNeeded: payload.count).littleEndian, toByteOffset: place + 8, as: UInt32.self)
    group.storeBytes(of: kind.rawValue.littleEndian, toByteOffset: place + 12, as: UInt32.self)
    group.storeBytes(of: lsn.value.littleEndian, toByteOffset: place + 16, as: UInt64.self)
    group.storeBytes(of: durable.value.littleEndian, toByteOffset: place + 24, as: UInt64.self)
    payload.withUnsafeBytes { raw in
      UnsafeMutableRawBufferPointer(rebasing: group[place + LogFormat.recordHeaderBytes..<end]).copyMemory(from: raw)
    }
    let next = LogFormat.aligned(end)
    for index in end..<next { group[index] = 0 }
    let covered = UnsafeRawBufferPointer(rebasing: group[place + 8..<end])
    let sum = LogFormat.checksum(covered, seed: LogFormat.seed(fileID: fileID, offset: base + place))
    group.storeBytes(of: sum.littleEndian, toByteOffset: place, as: UInt64.self)
    return next
  }

  private func writeEndMark(_ writing: inout Writing) throws(ApusError) {
    guard let file = writing.file else { return }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: LogFormat.recordHeaderBytes, alignment: 8)
    defer { bytes.deallocate() }
    _ = Self.put(.endMark, writing.durable, writing.durable, [], writing.fileID, at: 0, base: writing.offset, bytes)
    // What was set aside and not used is given back.
    try file.truncate(to: writing.offset)
    try file.appendDurably(UnsafeRawBufferPointer(bytes), at: writing.offset)
  }

  // MARK: Files

  private func rotate() throws(ApusError) {
    try writing.withLock { (writing) throws(ApusError) in try rotate(&writing) }
  }

  /// Begins a new file. The one before is durable to its end.
  private func rotate(_ writing: inout Writing) throws(ApusError) {
    let number = writing.number + 1
    let path = directory + "/" + LogFormat.fileName(number)
    let file = try system.open(path, .create)
    try file.truncate(to: 0)
    let header = LogFormat.fileHeader(storeID: storeID, number: number, firstLSN: writing.nextLSN)
    try file.write(header, at: 0)
    try file.synchronise()
    try system.synchroniseDirectory(directory)
    if let old = writing.file {
      try? old.truncate(to: writing.offset)
      old.close()
    }
    writing.file = file
    writing.number = number
    writing.fileID = LogFormat.fileID(storeID: storeID, number: number)
    writing.offset = LogFormat.fileHeaderBytes
    writing.preallocated = 0
    writing.files.append((number, writing.nextLSN))
  }

  private func remove(below lsn: LSN, _ writing: inout Writing) throws(ApusError) {
    if lsn >= writing.nextLSN, writing.offset > LogFormat.fileHeaderBytes { try rotate(&writing) }
    var removed = false
    while writing.files.count > 1, writing.files[1].firstLSN <= lsn {
      try system.remove(directory + "/" + LogFormat.fileName(writing.files[0].number))
      writing.files.removeFirst()
      removed = true
    }
    if removed { try system.synchroniseDirectory(directory) }
  }
}
