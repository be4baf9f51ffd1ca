// CommandError owns how commands fail: what the user is told, and the exit code.

import ApusBase

/// A failure of a command. Exit codes: 1 failure, 2 usage, 3 cannot connect.
struct CommandError: Error {
  let status: Int32
  let message: String

  static func failed(_ message: String) -> CommandError { CommandError(status: 1, message: message) }
  static func usage(_ message: String) -> CommandError { CommandError(status: 2, message: message) }
  static func unreachable(_ message: String) -> CommandError { CommandError(status: 3, message: message) }

  init(status: Int32, message: String) {
    self.status = status
    self.message = message
  }

  init(_ error: ApusError) {
    var text = "\(error.message) (\(error.state.code))"
    for (name, part) in [("DETAIL", error.detail), ("HINT", error.hint), ("CONTEXT", error.context)] {
      if let part { text += "\n\(name): \(part)" }
    }
    self.init(status: 1, message: text)
  }

  /// Runs a command's work; says what went wrong, and gives the exit code.
  static func report(_ command: String, usage: String, _ work: () throws -> Int32) -> Int32 {
    do {
      return try work()
    } catch let error as CommandError {
      complain("apus \(command): \(error.message)" + (error.status == 2 ? "\n\n\(usage)" : ""))
      return error.status
    } catch {
      let failure = CommandError(.wrapping(error))
      complain("apus \(command): \(failure.message)")
      return failure.status
    }
  }
}

/// The arguments of a command, taken one by one. `--flag=value` is `--flag value`.
struct ArgumentReader {
  private var rest: [String]

  init(_ arguments: [String]) {
    rest = []
    for argument in arguments {
      if argument.hasPrefix("--"), let sign = argument.firstIndex(of: "=") {
        rest.append(String(argument[..<sign]))
        rest.append(String(argument[argument.index(after: sign)...]))
      } else {
        rest.append(argument)
      }
    }
    rest.reverse()
  }

  mutating func next() -> String? { rest.popLast() }

  mutating func value(of flag: String) throws -> String {
    guard let value = rest.popLast(), !value.isEmpty else { throw CommandError.usage("\(flag) needs a value") }
    return value
  }

  mutating func number(of flag: String, in range: ClosedRange<Int>) throws -> Int {
    let text = try value(of: flag)
    guard let number = Int(text), range.contains(number) else {
      throw CommandError.usage("\(flag) is \"\(text)\", but takes a number from \(range.lowerBound) on")
    }
    return number
  }
}

/// A count with commas between thousands.
func grouped(_ number: Int) -> String {
  var digits = String(number.magnitude)
  var parts: [String] = []
  while digits.count > 3 {
    parts.append(String(digits.suffix(3)))
    digits.removeLast(3)
  }
  parts.append(digits)
  return (number < 0 ? "-" : "") + parts.reversed().joined(separator: ",")
}
