import LinuxSystem

extension WhenError: CustomStringConvertible {
    /// One line: what happened, and what to do. Times are in the zone of this process.
    package var description: String { message(in: .system) }

    /// The same line for a given zone. Every time in it can be used as a WHEN.
    package func message(in calendar: LocalCalendar) -> String {
        switch self {
        case .notUnderstood(let text, let reason):
            return "cannot read \(Self.quoted(text)) as a time or snapshot: \(reason)"
        case .outOfRange(let text, let field, let allowed):
            return "\(Self.quoted(text)): \(field) is out of range: allowed is \(allowed), "
                + "for example \(field == "sequence" ? "42" : "2026-01-29 12:00:00")"
        case .localTimeDoesNotExist(let text, let nearest):
            return "\(Self.quoted(text)) does not exist, for the clock was put forward over it: "
                + "say \(Self.list(nearest, in: calendar))"
        case .localTimeExistsTwice(let text, let choices):
            return "\(Self.quoted(text)) exists twice, for the clock was put back: "
                + "say \(Self.list(choices, in: calendar))"
        case .noSnapshots:
            return "there is no snapshot yet: run \(SuggestedCommand("watch"))"
        case .inTheFuture(let instant, _, let latest):
            return "\(instant.rfc3339(in: calendar)) is in the future: "
                + "the latest snapshot is \(Self.text(latest, in: calendar))"
        case .beforeFirst(let instant, let first):
            return "nothing is known of \(instant.rfc3339(in: calendar)): "
                + "the first snapshot is \(Self.text(first, in: calendar))"
        case .nothingBefore(let first):
            return "nothing is known before snapshot \(Self.text(first, in: calendar)): it is the first one"
        case .unknownSequence(let sequence, let nearest):
            return "there is no snapshot \(sequence): \(Self.nearest(nearest, in: calendar))"
        case .notSeenYet(let sequence, let first):
            return
                "nothing is known of it at snapshot \(sequence): its first one is \(Self.text(first, in: calendar))"
        case .noMoment(let sequence, let nearest):
            return "snapshot \(sequence) is a state of one file only, for others it would be incomplete: "
                + "name the file, or take another moment; \(Self.nearest(nearest, in: calendar))"
        case .unknownTag(let name, let known):
            let similar = known.nearest(to: name).map { "did you mean \($0)?" }
            return "there is no tag \(Self.quoted(name)): \(similar ?? Self.tags(known))"
        case .tooFarBack(let back, let count):
            return "there is no latest~\(back): the first snapshot is latest~\(count - 1)"
        case .noneGood:
            return "no snapshot has been found good: choose another one from \(SuggestedCommand("log"))"
        }
    }

    private static func nearest(_ nearest: [SnapshotMoment], in calendar: LocalCalendar) -> String {
        let choices = nearest.map { text($0, in: calendar) }.joined(separator: " and ")
        return "nearest \(nearest.count > 1 ? "are" : "is") \(choices)"
    }

    private static func text(_ snapshot: SnapshotMoment, in calendar: LocalCalendar) -> String {
        "\(snapshot.sequence) (\(snapshot.time.rfc3339(in: calendar)))"
    }

    private static func list(_ instants: [Instant], in calendar: LocalCalendar) -> String {
        instants.map { $0.rfc3339(in: calendar) }.joined(separator: " or ")
    }

    private static func tags(_ known: [String]) -> String {
        guard !known.isEmpty else { return "none has been set" }
        let shown = known.prefix(10).joined(separator: ", ")
        return "known are \(shown)" + (known.count > 10 ? " and \(known.count - 10) more" : "")
    }

    /// The text in quotes, on one line of limited length.
    private static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(80).map { isPrintable($0) ? String($0) : "\u{FFFD}" }
        return "\"" + shown.joined() + (text.unicodeScalars.count > 80 ? "…" : "") + "\""
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
