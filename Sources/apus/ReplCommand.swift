// ReplCommand owns `apus repl`: its arguments, what it connects to, and the signals while it runs.

import ApusBase
import ApusEngine
import ApusREPL
import Foundation

enum ReplCommand {
  static let usage = """
    usage: apus repl [--data DIR | --connect URL] [OPTION ...]

    A prompt for SQL. A server that runs on the data directory is talked to, else the directory is opened by this
    process (and nobody else can meanwhile). \\? at the prompt lists the commands; docs/REPL.md tells more.

      --data DIR            the data directory (APUS_DATA, ./apus-data)
      --connect URL         a server elsewhere: postgres://USER@HOST:PORT/DATABASE
      -c SQL                run this instead of a prompt; may be given more than once
      -f FILE               run a file; - is stdin. -c and -f are done in their order and stop at the first error
      --box, --aligned, --markdown, --csv, --json, --ndjson
                            the form of results (boxes on a terminal, else aligned as psql does)
      -x, --expanded        a column a line
      --null TEXT           what stands for NULL
      --timing              tell how long statements take
      -o, --output FILE     write results to a file
      -q, --quiet           neither greeting nor command tags
      --no-history          keep no history (else ~/.apus_history)

    Example: apus repl -c "SELECT event, count(*) FROM events GROUP BY event" --csv
    Exit codes: 0 success, 1 a statement failed, 2 usage, 3 cannot connect.
    """

  private struct Options {
    var data = ServerLocator.defaultData
    var namesData = false
    var connect: String?
    var repl = ReplOptions()
  }

  static func run(_ arguments: [String]) -> Int32 {
    let options: Options
    do {
      guard let read = try read(arguments) else {
        print(usage)
        return 0
      }
      options = read
    } catch {
      return CommandError.report("repl", usage: usage) { throw error }
    }
    // Threads inherit the mask: signals come to this thread only.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let interrupts = Interrupts()
    let worker = Thread {
      exit(CommandError.report("repl", usage: usage) { try converse(options, interrupts) })
    }
    // Statements are parsed and bound on this thread, however deep they are.
    worker.stackSize = 64 << 20
    worker.start()
    while true {
      var number: Int32 = 0
      guard sigwait(&signals, &number) == 0 else { continue }
      if number == SIGINT, interrupts.fire() { continue }
      Repl.restoreTerminal()
      _exit(128 + number)
    }
  }

  private static func converse(_ options: Options, _ interrupts: Interrupts) throws -> Int32 {
    let connection = try connect(options)
    defer { connection.close() }
    do throws(ApusError) {
      return try Repl(connection, options.repl, interrupts).run()
    } catch {
      throw CommandError(error)
    }
  }

  private static func connect(_ options: Options) throws -> any ReplConnection {
    if let url = options.connect { return try dial(url) }
    if let holder = try ServerLocator.holder(of: options.data) {
      let port = try ServerLocator.postgresPort(holder, options.data)
      return try dial(PostgresClient.target(port: port, command: "repl"))
    }
    Log.configure(level: .warning, format: .logfmt)
    do throws(ApusError) {
      return EmbeddedConnection(try Database.open(directory: options.data), directory: options.data)
    } catch {
      throw CommandError(error)
    }
  }

  /// Asks for a password where one is wanted and somebody is there.
  private static func dial(_ target: String) throws -> any ReplConnection {
    do throws(ApusError) {
      return try WireConnection(target)
    } catch {
      guard error.state == .invalidPassword, isatty(0) == 1, let typed = getpass("Password: ") else {
        throw CommandError.unreachable(error.message)
      }
      let password = String(cString: typed)
      memset(typed, 0, strlen(typed))
      do throws(ApusError) {
        return try WireConnection(target, password: password)
      } catch {
        throw CommandError.unreachable(error.message)
      }
    }
  }

  /// nil when help is asked for.
  private static func read(_ arguments: [String]) throws -> Options? {
    var options = Options()
    var reader = ArgumentReader(arguments)
    options.repl.historyPath = ProcessInfo.processInfo.environment["HOME"].map { $0 + "/.apus_history" }
    while let argument = reader.next() {
      switch argument {
      case "--help", "-h": return nil
      case "--data":
        options.data = try reader.value(of: argument)
        options.namesData = true
      case "--connect":
        let url = try reader.value(of: argument)
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
          throw CommandError.usage("--connect is \"\(url)\", but takes postgres://...")
        }
        options.connect = url
      case "-c", "--command": options.repl.inputs.append(.text(try reader.value(of: argument)))
      case "-f", "--file": options.repl.inputs.append(.file(try reader.value(of: argument)))
      case "-x", "--expanded": options.repl.expansion = .on
      case "--null": options.repl.null = try reader.value(of: argument)
      case "--timing": options.repl.isTiming = true
      case "-q", "--quiet": options.repl.isQuiet = true
      case "-o", "--output": options.repl.outputPath = try reader.value(of: argument)
      case "--no-history": options.repl.historyPath = nil
      case _ where argument.hasPrefix("--") && ResultFormat(rawValue: String(argument.dropFirst(2))) != nil:
        options.repl.format = ResultFormat(rawValue: String(argument.dropFirst(2)))
      default: throw CommandError.usage("unknown argument \"\(argument)\"")
      }
    }
    guard !(options.namesData && options.connect != nil) else {
      throw CommandError.usage("--data and --connect are both given")
    }
    return options
  }
}
