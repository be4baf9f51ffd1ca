// PluginTools owns what the command line asks of plugins outside of a database.

public import ApusBase
import ApusPlugins

public struct PluginTools {
  public struct Listed: Sendable {
    public let name: String
    public let version: String
    public let abi: String
    public let kinds: [String]
    public let threading: String
    public let file: String
  }
  public struct Check: Sendable {
    /// "ok", "failed" or "skipped".
    public let outcome: String
    public let subject: String
    public let name: String
    public let note: String
  }

  public let directory: String

  /// nil: the standard one.
  public init(directory: String? = nil) { self.directory = directory ?? PluginDirectory.standard.path }

  /// Every library of the directory that is a plugin, and what is wrong with those that are but do not load. Libraries
  /// that are no plugins are passed over.
  public func list() throws(ApusError) -> (loaded: [Listed], failures: [String]) {
    var loaded: [Listed] = []
    var failures: [String] = []
    for file in try PluginDirectory(directory).libraries() {
      do throws(ApusError) {
        let plugin = try Plugin.load(file: file)
        loaded.append(
          Listed(
            name: plugin.name, version: plugin.version, abi: "\(plugin.abi >> 16).\(plugin.abi & 0xFFFF)",
            kinds: plugin.kinds, threading: plugin.threadingName, file: plugin.file))
      } catch {
        if error.state == .undefinedFunction { continue }
        failures.append("\(file): \(error.message)")
      }
    }
    return (loaded, failures)
  }

  /// The checks of `apus plugin test`.
  public static func test(file: String, options: [String: String]) -> [Check] {
    let conformance = Conformance()
    conformance.run(file: file, options: options)
    return conformance.checks.map { check in
      let outcome =
        switch check.outcome {
        case .passed: "ok"
        case .failed: "failed"
        case .skipped: "skipped"
        }
      return Check(outcome: outcome, subject: check.subject, name: check.name, note: check.note)
    }
  }
}
