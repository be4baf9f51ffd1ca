// swift-tools-version: 6.1
// The targets of docs/ARCHITECTURE.md. A target depends only on targets of lower floors; ArchitectureTests hold the
// import lines to the same table, since SwiftPM does not.
import Foundation
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A C library from Debian, found through pkg-config where it ships a `.pc` file, else by the module map's `link`.
func library(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
  .systemLibrary(name: name, path: "Sources/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func swift(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func plugin(_ name: String, path: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

var targets: [Target] = [
  // Floor 0
  library("CPgQuery", apt: "libpg-query-dev"),
  library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
  library("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
  library("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev"),
  library("CXXHash", pkgConfig: "libxxhash", apt: "libxxhash-dev"),
  library("CRoaring", apt: "libroaring-dev"),
  library("CMicroHTTPDLibrary", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
  library("CGnuTLS", pkgConfig: "gnutls", apt: "libgnutls28-dev"),
  library("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
  library("CReadline", apt: "libreadline-dev"),
  library("CPQ", pkgConfig: "libpq", apt: "libpq-dev"),
  library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
  .target(name: "CApusSystem"),
  .target(name: "CApusABI"),
  .target(name: "CMicroHTTPD", dependencies: ["CMicroHTTPDLibrary"]),
  .target(
    name: "CSimdJSON", cxxSettings: [.unsafeFlags(["-O3", "-std=c++17"])],
    linkerSettings: [.linkedLibrary("simdjson")]),
  swift("ApusBase", ["CApusSystem"]),
  // A target of its own, since embedded files take long to compile.
  .target(
    name: "ApusWeb",
    resources: [
      .embedInCode("Web/dashboard.html"), .embedInCode("Web/dashboard.css"), .embedInCode("Web/dashboard.js"),
      .embedInCode("Web/views.js"), .embedInCode("Web/parts.js"), .embedInCode("Web/queries.js"),
      .embedInCode("Web/apus.js"),
    ], swiftSettings: strict),
  // Floor 1
  swift("ApusColumns", ["ApusBase", "CApusABI", "CZstd", "CLZ4", "CXXHash", "CSimdJSON"]),
  swift("ApusFiles", ["ApusBase", "CApusSystem", "CSQLite"]),
  swift("ApusSyntax", ["ApusBase", "CPgQuery"]),
  // Floor 2
  swift("ApusSketches", ["ApusBase", "ApusColumns", "CRoaring", "CXXHash"]),
  swift("ApusFunctions", ["ApusBase", "ApusColumns", "ApusSketches"]),
  // Floor 3
  swift("ApusPlan", ["ApusBase", "ApusColumns", "ApusSyntax", "ApusFunctions"]),
  swift("ApusStore", ["ApusBase", "ApusColumns", "ApusFiles", "ApusSketches", "CXXHash", "CZstd", "CSQLite"]),
  // Floor 4
  swift("ApusExecution", ["ApusBase", "ApusColumns", "ApusFunctions", "ApusSketches", "ApusPlan"]),
  swift("ApusPlugins", ["ApusBase", "ApusColumns", "ApusFunctions", "ApusPlan", "CApusABI"]),
  // Floor 5
  swift(
    "ApusEngine",
    [
      "ApusBase", "ApusColumns", "ApusFiles", "ApusSyntax", "ApusSketches", "ApusFunctions", "ApusPlan", "ApusStore",
      "ApusExecution", "ApusPlugins", "CYAML", "CGnuTLS",
    ]),
  // Floor 6
  swift("ApusPostgres", ["ApusBase", "ApusColumns", "ApusSyntax", "ApusPlan", "ApusEngine", "CGnuTLS"]),
  swift("ApusHTTP", ["ApusBase", "ApusColumns", "ApusPlan", "ApusEngine", "ApusWeb", "CMicroHTTPD", "CZlib", "CZstd"]),
  swift("ApusREPL", ["ApusBase", "ApusColumns", "ApusFiles", "ApusPlan", "ApusEngine", "CReadline", "CPQ"]),
  // Floor 7
  .executableTarget(
    name: "apus",
    dependencies: [
      "ApusBase", "ApusColumns", "ApusFiles", "ApusStore", "ApusEngine", "ApusPostgres", "ApusHTTP", "ApusREPL",
      "CApusSystem",
    ],
    swiftSettings: strict),
  // Products beside the server
  swift("ApusClient", []),
  swift("ApusPluginKit", ["CApusABI"]),
  // Storage backends, each a library of its own that the server loads: see `pluginProducts`
  plugin("SQLitePlugin", path: "plugins/sqlite", ["ApusPluginKit", "CApusABI", "CSQLite"]),
  plugin("PostgresPlugin", path: "plugins/postgres", ["ApusPluginKit", "CApusABI", "CPQ"]),
  plugin("WordsPlugin", path: "examples/plugins/words", ["ApusPluginKit", "CApusABI"]),
  // Benchmarks
  .executableTarget(
    name: "bench-kernels",
    dependencies: ["ApusBase", "ApusColumns", "ApusSketches", "ApusFunctions", "ApusPlan", "ApusExecution"],
    path: "Benchmarks/Kernels", swiftSettings: strict),
  // Tests
  .target(
    name: "TestSupport", dependencies: ["ApusBase", "ApusColumns"], path: "Tests/Support", swiftSettings: strict),
  tests("ArchitectureTests", []),
  tests("ApusBaseTests", ["ApusBase", "TestSupport"]),
  tests("ApusColumnsTests", ["ApusBase", "ApusColumns", "TestSupport"]),
  tests("ApusFilesTests", ["ApusBase", "ApusFiles", "CSQLite", "TestSupport"]),
  tests("ApusSyntaxTests", ["ApusBase", "ApusSyntax", "TestSupport"]),
  tests("ApusSketchesTests", ["ApusBase", "ApusColumns", "ApusSketches", "CRoaring", "TestSupport"]),
  tests("ApusFunctionsTests", ["ApusBase", "ApusColumns", "ApusFunctions", "TestSupport"]),
  tests("ApusPlanTests", ["ApusBase", "ApusColumns", "ApusSyntax", "ApusFunctions", "ApusPlan", "TestSupport"]),
  tests(
    "ApusEngineTests",
    ["ApusBase", "ApusColumns", "ApusFunctions", "ApusPlan", "ApusStore", "ApusEngine", "TestSupport"]),
  tests(
    "ApusExecutionTests",
    [
      "ApusBase", "ApusColumns", "ApusSketches", "ApusSyntax", "ApusFunctions", "ApusPlan", "ApusExecution",
      "TestSupport",
    ]),
  tests(
    "ApusHTTPTests",
    ["ApusBase", "ApusColumns", "ApusStore", "ApusEngine", "ApusWeb", "ApusHTTP", "CZlib", "CZstd", "TestSupport"]),
  tests(
    "ApusPostgresTests",
    ["ApusBase", "ApusColumns", "ApusPlan", "ApusStore", "ApusEngine", "ApusPostgres", "TestSupport"]),
  tests("ApusREPLTests", ["ApusBase", "ApusEngine", "ApusREPL", "TestSupport"]),
  tests("ApusClientTests", ["ApusClient"]),
  tests(
    "ApusPluginsTests",
    ["ApusBase", "ApusColumns", "ApusPlugins", "ApusEngine", "ApusStore", "CApusABI", "TestSupport"]),
  tests("ApusStoreTests", ["ApusBase", "ApusColumns", "ApusFiles", "ApusStore", "TestSupport"]),
]

// `APUS_TARGETS=ApusStoreTests,ApusFilesTests swift test` keeps only these targets and what they need: a fast loop
// while one module is worked on.
if let only = ProcessInfo.processInfo.environment["APUS_TARGETS"], !only.isEmpty {
  var kept = Set<String>()
  var waiting = only.split(separator: ",").map(String.init)
  while let name = waiting.popLast() {
    guard kept.insert(name).inserted, let target = targets.first(where: { $0.name == name }) else { continue }
    for dependency in target.dependencies {
      if case .byNameItem(let name, _) = dependency { waiting.append(name) }
    }
  }
  targets.removeAll { !kept.contains($0.name) }
}

/// The libraries of plugins: `CREATE EXTENSION sqlite` loads libsqlite.so from beside the server.
let pluginProducts: [Product] = [("sqlite", "SQLitePlugin"), ("postgres", "PostgresPlugin"), ("words", "WordsPlugin")]
  .filter { plugin in targets.contains { $0.name == plugin.1 } }
  .map { .library(name: $0.0, type: .dynamic, targets: [$0.1]) }

let package = Package(
  name: "apus",
  products: (targets.contains { $0.name == "apus" }
    ? [
      .executable(name: "apus", targets: ["apus"]),
      .library(name: "ApusClient", targets: ["ApusClient"]),
      .library(name: "ApusPluginKit", targets: ["ApusPluginKit"]),
    ] : []) + pluginProducts,
  targets: targets,
  cxxLanguageStandard: .cxx17
)
