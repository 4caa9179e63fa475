import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The log for people: columns of fixed width, so that it can be written while it is read.
///
/// A row for a pipe has everything. On a terminal no row is wider than it: times end at the second, columns
/// that `show` has as well are left out, and long paths are shortened in the middle.
struct LogTable {
    private let now: Instant
    private let style: Style
    /// The columns of the terminal; nil for a pipe.
    private let width: Int?
    private let isCompact: Bool
    private let sequenceWidth: Int
    /// Of one file, its name goes without saying.
    private let showsNames: Bool

    /// The least that a name and its remarks need beside the columns.
    private static let roomForNames = 24

    init(_ listing: HistoryListing, now: Instant, style: Style, width: Int?) {
        self.now = now
        self.style = style
        self.width = width
        sequenceWidth = max(3, listing.bounds.map { String($0.upperBound.rawValue).count } ?? 0)
        showsNames = listing.scope == .root
        let room = sequenceWidth + Self.widths.reduce(0) { $0 + 2 + abs($1) } + Self.roomForNames
        isCompact = width.map { $0 < room } ?? false
    }

    var heading: String {
        let columns = columns("seq", "time", "age", "event", "pages", "size", "stored")
        return style.bold(Remark.line(columns, name: showsNames ? "file" : nil, [], width: width))
    }

    /// - Parameter tally: what it did to the table that the log is about.
    func row(_ snapshot: HistoryListing.Snapshot, _ tally: RowTally?) -> String {
        let record = snapshot.record
        let state = record.state
        let row = columns(
            String(state.sequence.rawValue),
            text(of: snapshot.time),
            snapshot.time.ageText(now: now),
            state.event.name,
            String(record.pageCount),
            Quantity.text(bytes: state.shape.byteCount),
            Quantity.text(bytes: record.storedBytes)
        )
        var remarks: [Remark] = []
        if let tally {
            remarks.append(Remark("+\(tally.added)", isPainted: tally.added > 0, style.green))
            remarks.append(Remark("-\(tally.removed)", isPainted: tally.removed > 0, style.red))
        }
        if record.coalesced > 1 { remarks.append(Remark("of \(record.coalesced) commits", style.yellow)) }
        if let isGood = snapshot.isGood {
            remarks.append(isGood ? Remark("good", style.green) : Remark("bad", style.red))
        }
        if snapshot.isHeld { remarks.append(Remark("held", style.green)) }
        remarks += snapshot.tags.map { Remark("[\($0)]", style.green) }
        return Remark.line(row, name: showsNames ? snapshot.name.printable : nil, remarks, width: width)
    }

    func row(_ gap: Gap, _ path: FilePath?) -> String {
        let span = Quantity.text(.nanoseconds(max(0, gap.to.nanoseconds &- gap.from.nanoseconds)))
        var row =
            "gap".paddedOnLeft(to: sequenceWidth) + "  \(text(of: gap.from)) for \(span): \(gap.reason)"
        if showsNames, let path {
            let room = max(12, (width ?? .max) - row.columns - 3)
            row += " (\(path.printable.shortenedInMiddle(to: room)))"
        }
        return style.yellow(width.map(row.clipped) ?? row)
    }

    func row(_ step: ClockStep) -> String {
        // Both clocks cannot be asked at once.
        let seconds = ((step.nanoseconds?.magnitude ?? .max) / 1_000_000 + 500) / 1000
        let span = Quantity.text(.seconds(Int64(seconds)))
        let way = step.to < step.from ? "back" : "forward"
        let row =
            "clock".paddedOnLeft(to: sequenceWidth) + "  \(text(of: step.to)): was set \(way) by \(span)"
        return style.yellow(width.map(row.clipped) ?? row)
    }

    private func text(of time: Instant) -> String {
        isCompact ? time.localText(in: .system) : time.pasteableText
    }

    private static let widths = [-29, -10, -8, 7, 10, 10]

    private func columns(
        _ sequence: String,
        _ time: String,
        _ age: String,
        _ event: String,
        _ pages: String,
        _ size: String,
        _ stored: String
    ) -> String {
        guard isCompact else {
            let cells = zip([time, age, event, pages, size, stored], Self.widths).map { ($0, $1) }
            return .cells([(sequence, sequenceWidth)] + cells)
        }
        return .cells([(sequence, sequenceWidth), (time, -19), (event, -8), (pages, 7), (stored, 9)])
    }
}

/// A word behind the columns of a row, with its colour.
struct Remark {
    let text: String
    private let isPainted: Bool
    private let paint: (String) -> String

    init(_ text: String, isPainted: Bool = true, _ paint: @escaping (String) -> String) {
        self.text = text
        self.isPainted = isPainted
        self.paint = paint
    }

    private func painted(_ text: String) -> String { isPainted ? paint(text) : text }

    /// A row with a name and remarks behind it, which has at most `width` columns. The name gets shorter
    /// before a remark is left out.
    static func line(_ row: String, name: String? = nil, _ remarks: [Remark], width: Int?) -> String {
        guard let width else {
            return ([row] + [name].compactMap(\.self) + remarks.map { $0.painted($0.text) })
                .joined(separator: "  ")
        }
        var line = row.clipped(to: width)
        var left = width - line.columns
        if let name, left > 2 {
            let wanted = remarks.reduce(left) { $0 - 2 - $1.text.columns }
            let short = name.shortenedInMiddle(to: min(left, max(12, wanted)) - 2)
            line += "  " + short
            left -= 2 + short.columns
        }
        for remark in remarks where left > 2 {
            let text = remark.text.clipped(to: left - 2)
            line += "  " + remark.painted(text)
            left -= 2 + text.columns
        }
        return line
    }
}
