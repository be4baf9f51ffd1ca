// PluginDirectory owns where plugins are found, and the refusal of files that others could have changed.

public import ApusBase
private import Glibc

/// The one directory that plugins are loaded from.
public struct PluginDirectory: Sendable, Hashable {
  public let path: String

  public init(_ path: String) { self.path = path }

  /// `APUS_PLUGIN_DIR`; else `plugins` beside the binary, `../libexec/apus/plugins`, or the binary's own directory
  /// (where a build puts its libraries).
  public static let standard: PluginDirectory = {
    if let given = getenv("APUS_PLUGIN_DIR"), given.pointee != 0 { return PluginDirectory(String(cString: given)) }
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let binary = length > 0 ? String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
    let folder = binary.lastIndex(of: "/").map { String(binary[..<$0]) } ?? "."
    for candidate in ["\(folder)/plugins", "\(folder)/../libexec/apus/plugins"] where isDirectory(candidate) {
      return PluginDirectory(candidate)
    }
    return PluginDirectory(folder)
  }()

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// How the file of a plugin may be called.
  static func fileNames(_ name: String) -> [String] { ["\(name).so", "lib\(name).so"] }

  /// The file of a plugin; nil when there is none, or when the name is no plain one.
  public func file(of name: String) -> String? {
    guard isPlainName(name) else { return nil }
    return Self.fileNames(name).map { "\(path)/\($0)" }.first { access($0, F_OK) == 0 }
  }

  /// Every library in the directory, by name.
  public func libraries() throws(ApusError) -> [String] {
    guard let folder = opendir(path) else {
      throw ApusError(.ioError, "could not open plugin directory \"\(path)\": \(String(cString: strerror(errno)))")
    }
    defer { closedir(folder) }
    var found: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".so") { found.append("\(path)/\(name)") }
    }
    return found.sorted()
  }

  /// The resolved path of a file that only root or the server's own user can have changed. Throws 42501 otherwise.
  static func trusted(_ file: String) throws(ApusError) -> String {
    guard let raw = realpath(file, nil) else {
      throw ApusError(.ioError, "could not open plugin file \"\(file)\": \(String(cString: strerror(errno)))")
    }
    let resolved = String(cString: raw)
    free(raw)
    let folder = resolved.lastIndex(of: "/").map { String(resolved[..<$0]) } ?? "/"
    for path in [resolved, folder.isEmpty ? "/" : folder] {
      var status = stat()
      guard stat(path, &status) == 0 else {
        throw ApusError(.ioError, "could not look at \"\(path)\": \(String(cString: strerror(errno)))")
      }
      guard status.st_uid == 0 || status.st_uid == geteuid() else {
        throw refused(path, "it belongs to user \(status.st_uid), neither root nor the server's own")
      }
      guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 || status.st_mode & S_ISVTX != 0 && path != resolved else {
        throw refused(path, "its group or others may write to it")
      }
    }
    return resolved
  }

  private static func refused(_ path: String, _ why: String) -> ApusError {
    ApusError(
      .insufficientPrivilege, "\"\(path)\" is not trusted with plugins: \(why)",
      hint: "Plugins and their directory belong to root or the server's user, mode 0755 or less.")
  }
}
