// ConnectionOptions owns the options of CREATE SERVER and what libpq is told of them.

import ApusPluginKit

struct ConnectionOptions {
  /// libpq's keywords and values, in order: later ones win.
  private(set) var keywords: [(String, String)] = []

  static let known: [BackendOption] = [
    BackendOption("url", "postgres://user@host:port/database?...; the other options win over it", isSecret: true),
    BackendOption("host", "name or address of the server, or the directory of its socket"),
    BackendOption("port", "port (5432)"),
    BackendOption("dbname", "database (as the user)"),
    BackendOption("user", "role to connect as"),
    BackendOption("password", "password of the role", isSecret: true),
    BackendOption("sslmode", "disable, allow, prefer, require, verify-ca or verify-full (prefer)"),
    BackendOption("sslrootcert", "file of the certificates that are trusted"),
    BackendOption("connect_timeout", "seconds to wait for a connection (10)"),
  ]

  init(_ options: [String: String]) throws(PluginError) {
    keywords = [("connect_timeout", "10"), ("application_name", "apus")]
    if let url = options["url"] {
      guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
        throw PluginError(
          "22023", "option \"url\" must begin with postgres://", hint: "Or give host, port, dbname, user.")
      }
      keywords.append(("dbname", url))
    }
    for option in Self.known where option.name != "url" {
      if let value = options[option.name] { keywords.append((option.name, value)) }
    }
    for name in ["port", "connect_timeout"] {
      if let text = options[name], Int32(text).map({ $0 > 0 }) != true {
        throw PluginError("22023", "option \"\(name)\" must be a positive number, not \"\(text)\"")
      }
    }
    // What is read depends on these, whatever the server's defaults are.
    keywords.append(("client_encoding", "UTF8"))
    keywords.append(
      (
        "options",
        "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c standard_conforming_strings=on "
          + "-c extra_float_digits=3 -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
      ))
  }
}
