import LinuxSystem

extension Failure {
    /// What to do, as the message says it at its end; nil when it says what happened only.
    ///
    /// Messages end in a colon and a request. Other words after the last colon are a part of what happened,
    /// such as the reason that the system gave.
    var advice: String? {
        guard let colon = message.ranges(of: ": ").last else { return nil }
        let end = message[colon.upperBound...]
        let first = end.prefix { $0.isLetter }
        return Self.requests.contains(String(first)) ? String(end) : nil
    }

    /// What happened, without the advice.
    var event: String {
        guard let advice else { return message }
        return String(message.dropLast(advice.count + ": ".count))
    }

    /// The words with which advice begins.
    private static let requests: Set = [
        "add", "allow", "change", "check", "choose", "close", "copy", "did", "give", "if", "insert",
        "install",
        "keep", "leave", "make", "mount", "move", "name", "please", "put", "read", "remove", "report",
        "restore",
        "run", "say", "see", "set", "start", "stop", "take", "try", "use", "wait", "write",
    ]

    /// For programs.
    var line: ErrorLine {
        ErrorLine(error: event.printable, status: status.rawValue, advice: OrNull(advice?.printable))
    }
}
