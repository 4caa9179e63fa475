import ArgumentParser
import LinuxSystem
import Service
import Settings
import SystemPackage
import WebServer

struct MetricsCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Show metrics of all roots and watchers, for Prometheus.",
        discussion: """
            Asks the running watchers and reads the repository beside them. docs/METRICS.md has each metric. What cannot be \
            read is left out.

            With --listen they are served at /metrics over HTTP until SIGINT or SIGTERM, gathered at most once a second. Any \
            user of this machine can read them, the paths of the roots among them. With metrics in its configuration, watch \
            does so by itself.

            Exit status: 0 done, or ended as told, 1 failed, 3 the history of a root cannot be read, 10 no repository, 64 wrong usage.

            Examples:
              holdfast metrics
              holdfast metrics --listen 127.0.0.1:9469
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(
        help: ArgumentHelp(
            "Serve them at a loopback address: 127.0.0.0/8, [::1], localhost.",
            valueName: "address:port"
        ),
        transform: parseLoopbackAddress
    )
    var listen: LoopbackAddress?

    @OptionGroup var companion: CompanionOption

    mutating func validate() throws {
        if options.json { throw ValidationError("metrics are text: leave out --json") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        if let listen { try serve(at: listen, console) }
        let repository = try options.openRepository()
        let metrics = try EventLoop.run("metrics") { _ in try await MetricsSource.gather(repository, options)
        }
        try console.result(bytes: Array(metrics.text.utf8.dropLast()))
        for (path, error) in metrics.unreadable {
            console.warning("the history of \(path.printable) is left out: \(Failure.reason(error))")
        }
        return metrics.unreadable.isEmpty ? .done : .partial
    }

    /// Serves until the process is told to end.
    private func serve(at address: LoopbackAddress, _ console: Console) throws -> Never {
        try companion.endInTime()
        let source = MetricsSource(try options.openRepository(), options)
        let server = MetricsServer(host: address.host, port: address.port) { try await source.text() }
        do {
            try EventLoop.run("metrics") { _ in
                try await server.run { port in
                    let address = LoopbackAddress(host: address.host, port: port)
                    console.message(MetricsReport.isServed(at: address))
                }
            }
        } catch let error as MetricsServer.Unavailable {
            let reason = "\(Errno(rawValue: error.code)): choose another port"
            throw Failure(.failed, MetricsReport.isUnavailable(address, reason))
        }
        throw Failure(.failed, MetricsReport.isUnavailable(address, "the server has ended"))
    }
}

/// A loopback address as options take it.
private func parseLoopbackAddress(_ text: String) throws -> LoopbackAddress {
    guard let address = LoopbackAddress(parsing: text) else {
        throw ValidationError("'\(text)' is no port at a loopback address: write 127.0.0.1:9469")
    }
    return address
}
