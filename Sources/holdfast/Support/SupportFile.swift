import LinuxSystem
import Settings
import Synchronization

/// A file of a support bundle. It is collected in a thread of its own, which may hang: what it has by the
/// deadline is in the bundle.
final class SupportFile: Sendable {
    let name: String
    /// What is in it, for people.
    let meaning: String
    private let redaction: Redaction?
    private let state = Mutex(State())

    private struct State {
        var bytes: [UInt8] = []
        /// Why something is missing in it.
        var problems: [String] = []
        var isClosed = false
    }

    /// - Parameter redaction: nil if names stay.
    init(_ name: String, _ meaning: String, _ redaction: Redaction?) {
        (self.name, self.meaning, self.redaction) = (name, meaning, redaction)
    }

    var isRedacted: Bool { redaction != nil }

    /// Adds an object.
    func add(_ line: some JSONLine) {
        append(line.json { text($0) })
    }

    /// Adds a line of text.
    func add(text line: String) { append(text(line)) }

    /// Adds a setting, or words of a command: with `redact`, only what is known to be harmless stays.
    func value(_ value: String) -> String {
        let value = value.withoutSecretsOfURLs
        return redaction?.value(value) ?? value
    }

    /// Says that something is missing.
    func add(missing error: any Error) {
        let failure = Failure(error) ?? Failure(.failed, "\(error)")
        let shown = isRedacted ? Self.withoutContent(error) ?? failure : failure
        state.withLock { $0.problems.append(text(shown.message)) }
        if name.hasSuffix(".json") { add(shown.line) } else { add(text: "# \(shown.message)") }
    }

    /// What was collected, and why something is missing. Nothing is added from here on.
    func close() -> (bytes: [UInt8], problems: [String]) {
        state.withLock { state in
            state.isClosed = true
            return (state.bytes, state.problems)
        }
    }

    private func append(_ line: String) {
        state.withLock { state in
            if !state.isClosed { state.bytes += (line + "\n").utf8 }
        }
    }

    private func text(_ text: String) -> String {
        let text = text.withoutSecretsOfURLs
        return redaction?.text(text) ?? text
    }

    /// What is wrong with a configuration quotes it.
    private static func withoutContent(_ error: any Error) -> Failure? {
        guard case .invalid(let path, let problems)? = error as? ConfigurationError else { return nil }
        let command = SuggestedCommand("config", "check")
        return Failure(.wrongUsage, "\(path.printable):\(problems[0].line): is wrong: see \(command)")
    }
}

extension String {
    /// Users, passwords, paths and queries of web addresses are often secrets: only the host stays.
    fileprivate var withoutSecretsOfURLs: String {
        replacing(#/((?:https?|s3):\/\/)([^\/?#@\s"']*@)?([^\/?#\s"'\],}]*)([^\s"'\],}]*)/#.ignoresCase()) {
            match in
            "\(match.1)\(match.3)\(match.4.isEmpty || match.4 == "/" ? "" : "/…")"
        }
    }
}

/// Work that is done at once, each part in a thread of its own.
enum ConcurrentWork {
    /// Runs all parts. Returns the numbers of those that did not end in time, and go on.
    static func run(
        _ parts: [@Sendable () -> Void],
        within time: Duration
    ) throws -> [Int] {
        let deadline = MonotonicInstant.now.advanced(by: time)
        let end = try WakeupPipe()
        let running = Running(parts.count)
        for (number, part) in parts.enumerated() {
            try WorkerThread.start("collect") {
                part()
                running.end(number)
                end.signal()
            }
        }
        while case let left = MonotonicInstant.now.duration(to: deadline), left > .zero,
            !running.numbers.isEmpty
        {
            _ = end.wait(left)
        }
        return running.numbers
    }

    private final class Running: Sendable {
        private let state: Mutex<Set<Int>>

        init(_ count: Int) { state = Mutex(Set(0..<count)) }

        var numbers: [Int] { state.withLock { $0.sorted() } }
        func end(_ number: Int) { state.withLock { _ = $0.remove(number) } }
    }
}
