import LinuxSystem
import Service
import Synchronization

/// The last messages of this process to people, for a support bundle.
enum RecentMessages {
    private static let messages = Mutex<[WatcherMessage]>([])

    /// The most that are kept.
    static let most = 200
    /// A longer one is cut there, in characters.
    static let longest = 2000

    /// - Parameters:
    ///   - text: one line.
    ///   - details: parts of it that come from within a database or a configuration.
    static func add(_ text: String, details: [String] = []) {
        // What is cut could not be found again.
        let isCut = text.count > longest && !details.isEmpty
        let whole = isCut ? hiding(details, in: text) : text
        let message = WatcherMessage(text: String(whole.prefix(longest)), details: isCut ? [] : details)
        messages.withLock { messages in
            if messages.count == most { messages.removeFirst() }
            messages.append(message)
        }
    }

    /// The text without those parts.
    static func hiding(_ details: [String], in text: String) -> String {
        details.filter { !$0.isEmpty }.reduce(text) { $0.replacing($1, with: "(detail)") }
    }

    /// The oldest first.
    static var all: [WatcherMessage] { messages.withLock { $0 } }
}
