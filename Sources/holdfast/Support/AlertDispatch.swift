import LinuxSystem
import Service
import SystemPackage
import WebClient

/// Hands an alert or a heartbeat to a receiver.
enum AlertDispatch {
    /// No receiver takes longer, with what it starts.
    private static let patience = Duration.seconds(30)

    /// Returns why it has failed; nil if it has arrived.
    static func deliver(_ delivery: AlertDelivery) async -> String? {
        let content = delivery.alert.map { Array((AlertLine($0).json + "\n").utf8) }
        switch delivery.receiver {
        case .url(let url):
            do {
                try await WebRequest(url: url, content: content).run(timeout: patience)
                return nil
            } catch {
                return "\(error)"
            }
        case .command(let words):
            do {
                return try await WorkerThread.run("command") { try run(words, content ?? []) }
            } catch {
                return "\(error)"
            }
        }
    }

    private static func run(_ words: [String], _ input: [UInt8]) throws -> String? {
        let process = try ChildProcess(
            FilePath(words[0]),
            named: words[0],
            Array(words.dropFirst()),
            input: input,
            isHeard: false
        )
        let began = MonotonicInstant.now
        try process.limit(to: patience)
        let status = process.wait()
        if status == 0 { return nil }
        if began.duration(to: .now) >= patience {
            return "\(words[0].printable) took longer than \(patience.components.seconds) s, and was ended"
        }
        return "\(words[0].printable) ended with status \(status)"
    }
}
