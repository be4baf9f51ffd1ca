// TimeZone owns the rules of time zones as sorted tables: UTC to local and back by one search, read from TZif files.

public import ApusBase
private import Glibc
private import Synchronization

/// A zone. Offsets are microseconds east of UTC. Immutable; one instance a name.
public final class TimeZone: Sendable {
  public let name: String
  /// Instants (microseconds since 2000-01-01 UTC) at which span i + 1 begins.
  let starts: [Int64]
  /// Local clock readings at which span i + 1 begins. A reading that a change skips counts to the span before it, one
  /// that a change repeats to the span after it, as PostgreSQL has it.
  let localStarts: [Int64]
  /// The offset, abbreviation and daylight flag of each span; one more than `starts`.
  let spans: [Span]

  public struct Span: Sendable, Hashable {
    public var offset: Int64
    public var abbreviation: String
    public var isDaylight: Bool
  }

  init(name: String, starts: [Int64], spans: [Span]) {
    self.name = name
    self.starts = starts
    self.spans = spans
    localStarts = starts.indices.map { starts[$0] &+ spans[$0 + 1].offset }
  }

  public static let utc = TimeZone(
    name: "UTC", starts: [], spans: [Span(offset: 0, abbreviation: "UTC", isDaylight: false)])

  /// A fixed offset in seconds east of UTC.
  public static func fixed(secondsEast: Int, name: String? = nil) -> TimeZone {
    let text = Self.offsetText(Int64(secondsEast))
    let span = Span(offset: Int64(secondsEast) * 1_000_000, abbreviation: text, isDaylight: false)
    return TimeZone(name: name ?? "<\(text)>\(Self.offsetText(-Int64(secondsEast)))", starts: [], spans: [span])
  }

  static func offsetText(_ seconds: Int64) -> String {
    var out: [UInt8] = []
    DateTimeText.appendZone(seconds * 1_000_000, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// The only offset of the zone, or nil when it changes.
  public var fixedOffset: Int64? { starts.isEmpty ? spans[0].offset : nil }

  private static func index(_ table: [Int64], _ value: Int64) -> Int {
    var low = 0
    var high = table.count
    while low < high {
      let middle = (low + high) >> 1
      if table[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The span at an instant.
  public func span(at utc: PostgresMicroseconds) -> Span { spans[Self.index(starts, utc)] }

  /// Microseconds east of UTC at an instant.
  public func offset(at utc: PostgresMicroseconds) -> Int64 {
    starts.isEmpty ? spans[0].offset : spans[Self.index(starts, utc)].offset
  }

  /// Microseconds east of UTC at a local clock reading.
  public func offset(atLocal local: Int64) -> Int64 {
    starts.isEmpty ? spans[0].offset : spans[Self.index(localStarts, local)].offset
  }

  /// The local clock reading at an instant; infinities stay.
  public func local(_ utc: PostgresMicroseconds) -> Int64 {
    guard TimestampRange.isFinite(utc) else { return utc }
    return utc &+ offset(at: utc)
  }

  /// The instant of a local clock reading; infinities stay.
  public func utc(_ local: Int64) -> PostgresMicroseconds {
    guard TimestampRange.isFinite(local) else { return local }
    return local &- offset(atLocal: local)
  }

  /// The span of instants around `utc` that share one offset: for kernels that convert many near values.
  public func run(at utc: PostgresMicroseconds) -> (start: Int64, end: Int64, offset: Int64) {
    run(starts, utc)
  }
  /// The same for local clock readings.
  public func run(atLocal local: Int64) -> (start: Int64, end: Int64, offset: Int64) { run(localStarts, local) }

  private func run(_ table: [Int64], _ value: Int64) -> (start: Int64, end: Int64, offset: Int64) {
    let index = Self.index(table, value)
    return (
      index == 0 ? Int64.min : table[index - 1], index == table.count ? Int64.max : table[index], spans[index].offset
    )
  }
}

extension TimeZone {
  private static let cache = Mutex<[String: TimeZone?]>([:])

  /// The zone of an IANA name (in any case), a POSIX rule ("EST5EDT", "<+02>-2") or nil when there is none.
  public static func named(_ name: String) -> TimeZone? {
    let key = name.lowercased()
    if key == "utc" || key == "etc/utc" && name == "Etc/UTC" { return key == "utc" ? .utc : aliased(.utc, name) }
    return cache.withLock { zones in
      if let known = zones[key] { return known }
      // Names from clients must not fill memory.
      if zones.count > 4_096 { zones.removeAll() }
      let found = load(name)
      zones[key] = .some(found)
      return found
    }
  }

  private static func aliased(_ zone: TimeZone, _ name: String) -> TimeZone {
    TimeZone(name: name, starts: zone.starts, spans: zone.spans)
  }

  /// As `named`, or 22023.
  public static func required(_ name: String) throws(ApusError) -> TimeZone {
    guard let zone = named(name) else {
      throw ApusError(.invalidParameterValue, "time zone \"\(name)\" not recognized")
    }
    return zone
  }

  private static let directories = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"]

  private static func load(_ name: String) -> TimeZone? {
    for directory in directories {
      guard let (path, canonical) = resolve(name, in: directory) else { continue }
      if let bytes = contents(path), let zone = TZifReader.zone(canonical, bytes) { return zone }
    }
    return PosixZone(name)?.zone(named: name)
  }

  /// The file of a zone name, whatever its letters' case.
  private static func resolve(_ name: String, in root: String) -> (path: String, name: String)? {
    guard !name.isEmpty, name.utf8.count < 256 else { return nil }
    var path = root
    var canonical: [String] = []
    for part in name.split(separator: "/", omittingEmptySubsequences: false) {
      guard !part.isEmpty, !part.hasPrefix("."), part.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
      guard let entry = entry(String(part), in: path) else { return nil }
      path += "/" + entry
      canonical.append(entry)
    }
    return (path, canonical.joined(separator: "/"))
  }

  private static func entry(_ name: String, in directory: String) -> String? {
    if access(directory + "/" + name, R_OK) == 0 { return name }
    guard let stream = opendir(directory) else { return nil }
    defer { closedir(stream) }
    let wanted = name.lowercased()
    while let entry = readdir(stream) {
      let found = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if found.lowercased() == wanted { return found }
    }
    return nil
  }

  /// A zone file is a few kilobytes; 256 KiB is plenty.
  private static func contents(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while bytes.count < 256 << 10 {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return count == 0 ? bytes : nil }
      bytes.append(contentsOf: chunk[0..<count])
    }
    return bytes
  }
}
