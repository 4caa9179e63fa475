import Foundation

/// What a web server answers, as a client of another make sees it: Python's.
package struct Scrape {
    package let status: Int
    package let contentType: String
    package let text: String

    private static let script = """
        import sys, urllib.request, urllib.error
        try: answer = urllib.request.urlopen(sys.argv[1], timeout=60)
        except urllib.error.HTTPError as error: answer = error
        print(answer.status, answer.headers["Content-Type"])
        sys.stdout.write(answer.read().decode())
        """

    /// Throws `CommandFailure` if nobody answers.
    package init(_ url: String) throws {
        let result = try Command.run(
            "/usr/bin/python3",
            ["-c", Self.script, url],
            environment: ["PYTHONIOENCODING": "utf-8"]
        )
        let parts = result.stdout.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard result.status == 0, parts.count == 2, let space = parts[0].firstIndex(of: " "),
            let status = Int(parts[0][..<space])
        else { throw CommandFailure(command: "GET \(url)", result: result) }
        self.status = status
        contentType = String(parts[0][parts[0].index(after: space)...])
        text = String(parts[1])
    }

    /// Whether nobody listens there.
    package static func isRefused(_ url: String) throws -> Bool {
        do {
            _ = try Scrape(url)
            return false
        } catch let failure as CommandFailure where failure.result.stderr.contains("Connection refused") {
            return true
        }
    }
}

/// Somebody else who has a port of the loopback address.
package final class TakenPort {
    private let program: RunningProgram
    package let port: Int

    private static let script = """
        import socket, time
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(listener.getsockname()[1], flush=True)
        time.sleep(3600)
        """

    package init() throws {
        program = try RunningProgram("/usr/bin/python3", ["-c", Self.script], environment: [:])
        let line = try program.waitForOutput { !$0.isEmpty }
        guard let port = Int(line) else { throw WaitedInVain(what: "a port in \(line)") }
        self.port = port
    }

    package func free() { program.kill() }
}

extension RunningProgram {
    /// Waits until it says where it serves metrics. `count`: how many such lines.
    package func metricsURL(count: Int = 1) throws -> String {
        let line = try waitForError(count: count) { $0.hasPrefix("holdfast: metrics are served at ") }
        return String(line.dropFirst("holdfast: metrics are served at ".count))
    }
}
