import ArgumentParser
import Logging
import ServiceLifecycle
@main
struct Holdfast: AsyncParsableCommand {
    mutating func run() async throws { print("hi") }
}
