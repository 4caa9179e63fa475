import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The log for people: columns of fixed width, so that it can be written while it is read.
struct LogTable {
    private let now: Instant
    private let style: Style
    private let sequenceWidth: Int
    /// Of one file, its name goes without saying.
    private let showsNames: Bool
    private let timeWidth = 29

    init(_ listing: HistoryListing, now: Instant, style: Style) {
        self.now = now
        self.style = style
        sequenceWidth = max(3, listing.bounds.map { String($0.upperBound.rawValue).count } ?? 0)
        showsNames = listing.scope == .root
    }

    var heading: String {
        style.bold(
            columns("seq", "time", "age", "event", "pages", "size", "stored") + (showsNames ? "  file" : "")
        )
    }

    func row(_ snapshot: HistoryListing.Snapshot) -> String {
        let record = snapshot.record
        let state = record.state
        var row = columns(
            String(state.sequence.rawValue),
            snapshot.time.pasteableText,
            snapshot.time.ageText(now: now),
            event(state.event),
            String(record.pageCount),
            Quantity.text(bytes: state.shape.byteCount),
            Quantity.text(bytes: record.storedBytes)
        )
        if showsNames { row += "  \(snapshot.name.printable)" }
        if record.coalesced > 1 { row += "  " + style.yellow("of \(record.coalesced) commits") }
        if let isGood = snapshot.isGood { row += "  " + (isGood ? style.green("good") : style.red("bad")) }
        if snapshot.isHeld { row += "  " + style.green("held") }
        for tag in snapshot.tags { row += "  " + style.green("[\(tag)]") }
        return row
    }

    func row(_ gap: Gap, _ path: FilePath?) -> String {
        let about = showsNames ? path.map { " (\($0.printable))" } ?? "" : ""
        let span = Quantity.text(.nanoseconds(max(0, gap.to.nanoseconds &- gap.from.nanoseconds)))
        return style.yellow(
            right("gap", sequenceWidth) + "  \(gap.from.pasteableText) for \(span): \(gap.reason)\(about)"
        )
    }

    func row(_ step: ClockStep) -> String {
        // Both clocks cannot be asked at once.
        let seconds = ((step.nanoseconds?.magnitude ?? .max) / 1_000_000 + 500) / 1000
        let span = Quantity.text(.seconds(Int64(seconds)))
        let way = step.to < step.from ? "back" : "forward"
        return style.yellow(
            right("clock", sequenceWidth) + "  \(step.to.pasteableText): was set \(way) by \(span)"
        )
    }

    private func event(_ event: SnapshotEvent) -> String { event.name }

    private func columns(
        _ sequence: String,
        _ time: String,
        _ age: String,
        _ event: String,
        _ pages: String,
        _ size: String,
        _ stored: String
    ) -> String {
        [
            right(sequence, sequenceWidth), left(time, timeWidth), left(age, 10), left(event, 8),
            right(pages, 7),
            right(size, 10), right(stored, 10),
        ].joined(separator: "  ")
    }

    private func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
