// The command line.

@main
struct Main {
  static func main() {}
}
