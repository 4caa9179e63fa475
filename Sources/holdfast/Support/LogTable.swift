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
            state.event.name,
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
            "gap".paddedOnLeft(to: sequenceWidth)
                + "  \(gap.from.pasteableText) for \(span): \(gap.reason)\(about)"
        )
    }

    func row(_ step: ClockStep) -> String {
        // Both clocks cannot be asked at once.
        let seconds = ((step.nanoseconds?.magnitude ?? .max) / 1_000_000 + 500) / 1000
        let span = Quantity.text(.seconds(Int64(seconds)))
        let way = step.to < step.from ? "back" : "forward"
        return style.yellow(
            "clock".paddedOnLeft(to: sequenceWidth) + "  \(step.to.pasteableText): was set \(way) by \(span)"
        )
    }

    private func columns(_ texts: String...) -> String {
        // As printf has it: of a negative width, the text is at the left.
        let widths = [sequenceWidth, -29, -10, -8, 7, 10, 10]
        let padded = zip(texts, widths).map { $1 < 0 ? $0.paddedOnRight(to: -$1) : $0.paddedOnLeft(to: $1) }
        return padded.joined(separator: "  ")
    }
}

extension String {
    func paddedOnLeft(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }

    fileprivate func paddedOnRight(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
