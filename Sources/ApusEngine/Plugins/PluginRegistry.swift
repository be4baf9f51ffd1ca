// PluginRegistry owns the plugins of a database: those that are loaded, why others are not, the servers that are open,
// and the functions of them all.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlugins
import Synchronization

/// Shared by all sessions.
final class PluginRegistry: Sendable {
  private struct State {
    /// By name: libraries stay loaded as long as the process.
    var loaded: [String: Plugin] = [:]
    /// Extensions of the catalog that could not be loaded at start.
    var failures: [String: ApusError] = [:]
    var installed: Set<String> = []
    var servers: [String: BackendServer] = [:]
    var functions: FunctionRegistry
  }

  let directory: PluginDirectory
  private let base: FunctionRegistry
  private let state: Mutex<State>

  init(directory: PluginDirectory, functions: FunctionRegistry) {
    self.directory = directory
    base = functions
    state = Mutex(State(functions: functions))
  }

  /// Those built in, and those of the installed extensions.
  var functions: FunctionRegistry { state.withLock { $0.functions } }

  /// Loads the extensions of the catalog. What fails is logged and kept: its tables say why.
  func start(_ names: [String]) {
    for name in names {
      do throws(ApusError) {
        try install(try load(name))
      } catch {
        state.withLock { state in
          state.installed.insert(name)
          state.failures[name] = error
        }
        Log.error("plugin", "extension \(name) could not be loaded: \(error.message)", ["sqlstate": error.state.code])
      }
    }
  }

  /// The library of an extension, loaded if it is not yet.
  func load(_ name: String) throws(ApusError) -> Plugin {
    if let known = state.withLock({ $0.loaded[name] }) { return known }
    guard let file = directory.file(of: name) else {
      throw ApusError(
        .featureNotSupported, "extension \"\(name)\" is not available",
        detail: "There is no \(name).so or lib\(name).so in \"\(directory.path)\".",
        hint: "Plugins are loaded from the directory of --plugin-dir or APUS_PLUGIN_DIR.")
    }
    let plugin = try Plugin.load(file: file, expecting: name)
    // Two sessions may have loaded it at once: the library is one, and the first object stays.
    return state.withLock { state in
      if let known = state.loaded[name] { return known }
      state.loaded[name] = plugin
      return plugin
    }
  }

  /// Makes a plugin's functions known. Throws 42723 when one of them is there already.
  func install(_ plugin: Plugin) throws(ApusError) {
    let current = functions
    for function in plugin.scalars
    where current.scalars(named: function.name).contains(where: { $0.parameters == function.parameters }) {
      throw Self.duplicate(function.name, plugin)
    }
    for function in plugin.aggregates
    where current.aggregates(named: function.name).contains(where: { $0.parameters == function.parameters }) {
      throw Self.duplicate(function.name, plugin)
    }
    for function in plugin.tableFunctions
    where current.tableFunctions(named: function.name).contains(where: { $0.parameters == function.parameters }) {
      throw Self.duplicate(function.name, plugin)
    }
    state.withLock { state in
      state.installed.insert(plugin.name)
      state.failures[plugin.name] = nil
      state.loaded[plugin.name] = plugin
      state.functions = functions(of: state, without: nil)
    }
  }

  private static func duplicate(_ function: String, _ plugin: Plugin) -> ApusError {
    ApusError(
      SQLState("42723"), "function \"\(function)\" of plugin \"\(plugin.name)\" exists already with the same arguments")
  }

  func uninstall(_ name: String) {
    state.withLock { state in
      state.installed.remove(name)
      state.failures[name] = nil
      state.functions = functions(of: state, without: nil)
    }
  }

  /// The functions that are left without an extension.
  func functions(without name: String) -> FunctionRegistry {
    state.withLock { functions(of: $0, without: name) }
  }

  private func functions(of state: State, without name: String?) -> FunctionRegistry {
    let plugins = state.installed.subtracting(name.map { [$0] } ?? []).sorted().compactMap { state.loaded[$0] }
    guard plugins.contains(where: { !$0.scalars.isEmpty || !$0.aggregates.isEmpty || !$0.tableFunctions.isEmpty })
    else { return base }
    return base.adding(
      scalars: plugins.flatMap(\.scalars), aggregates: plugins.flatMap(\.aggregates),
      tables: plugins.flatMap(\.tableFunctions))
  }

  /// An installed extension's plugin. Throws when it could not be loaded.
  func plugin(_ name: String) throws(ApusError) -> Plugin {
    let (plugin, failure, isInstalled) = state.withLock { state in
      (state.loaded[name], state.failures[name], state.installed.contains(name))
    }
    if let failure {
      throw ApusError(
        .objectNotInPrerequisiteState, "extension \"\(name)\" is not loaded: \(failure.message)",
        detail: failure.detail, hint: "Put the plugin in order and restart the server.")
    }
    guard isInstalled, let plugin else {
      throw ApusError(.undefinedObject, "extension \"\(name)\" does not exist")
    }
    return plugin
  }

  /// Loaded, or why not.
  func status(_ name: String) -> (plugin: Plugin?, failure: ApusError?) {
    state.withLock { ($0.failures[name] == nil ? $0.loaded[name] : nil, $0.failures[name]) }
  }

  /// The one object of a server, made anew when its definition has changed.
  func server(_ name: String, _ definition: ServerDefinition) throws(ApusError) -> BackendServer {
    let plugin = try plugin(definition.wrapper)
    if let known = state.withLock({ $0.servers[name] }), known.plugin === plugin, known.options == definition.options {
      return known
    }
    let made = try BackendServer(name: name, plugin: plugin, options: definition.options)
    return state.withLock { state in
      if let known = state.servers[name], known.plugin === plugin, known.options == definition.options { return known }
      state.servers[name] = made
      return made
    }
  }

  /// Lets go of a dropped server: it closes when nobody uses it any more.
  func forget(server name: String) { _ = state.withLock { $0.servers.removeValue(forKey: name) } }
}
