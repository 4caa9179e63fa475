package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Part of a root's history, with all that is known of each snapshot, read without keeping it in memory.
package struct HistoryListing: Sendable {
    package struct Snapshot: Sendable {
        package let record: SnapshotRecord
        /// The corrected time; the record has the clock's time.
        package let time: Instant
        /// The file's absolute path.
        package let path: FilePath
        /// Relative to the root.
        package let name: FilePath
        package let kind: FileKind
        /// The health verdict; nil if there is none.
        package let isGood: Bool?
        /// Why the verdict is about a part only; nil if it is not.
        package let unchecked: String?
        /// Sorted.
        package let tags: [String]
        package let isHeld: Bool
    }

    package enum Line: Sendable {
        case snapshot(Snapshot)
        /// With the absolute path of its file, unless it is about all files.
        case gap(Gap, FilePath?)
        /// The clock was set while a watcher ran.
        case clock(ClockStep)
    }

    package let index: SnapshotIndex
    package let scope: HistoryScope
    /// The sequences of the first and the last snapshot that are shown; nil when none is.
    package let bounds: ClosedRange<SequenceNumber>?
    /// Whether gaps before the first one, and after the last, are shown.
    private let isFromStart: Bool
    private let isToEnd: Bool
    /// The files that are shown; nil: all.
    private let files: Set<FileID>?
    private let tags: [SequenceNumber: [String]]

    /// Selects the snapshots from `since` to `until`, both included, and of those the last `count`.
    ///
    /// For a directory within the root, its files are shown; WHEN counts the snapshots of the root. A time as
    /// `since` may be before the first snapshot. If it is after the last one, nothing is shown. Throws
    /// `WhenError`.
    package init(
        of index: SnapshotIndex,
        in scope: HistoryScope,
        below directory: FilePath? = nil,
        since: When? = nil,
        until: When? = nil,
        last: Int? = nil,
        now: Instant
    ) throws(WhenError) {
        let entries = index.entries(in: scope)
        var range = entries.indices
        if let since { range = try index.lowerBound(since, in: entries, now: now)..<range.upperBound }
        if let until {
            let end = try index.resolve(until, in: entries, strictlyBefore: false, now: now) + 1
            range = min(range.lowerBound, end)..<end
        }

        self.index = index
        self.scope = scope
        let files: Set<FileID>? =
            if case .file(let file) = scope { [file] } else { directory.map(index.files) }
        self.files = files
        let all =
            range.isEmpty ? nil : entries[range.lowerBound].sequence...entries[range.upperBound - 1].sequence
        bounds = last.flatMap { last in all.map { index.last(last, of: files, $0) } } ?? all
        isFromStart = range.lowerBound == 0 && bounds == all
        isToEnd = until == nil
        tags = index.tagsBySnapshot(among: entries.filter { files?.contains($0.file) ?? true })
    }

    /// Calls `body` for the selected lines, oldest first. Throws what `body` throws,
    /// `RepositoryError.unsupported`, or `SystemError`.
    package func visit(_ body: (Line) throws -> Void) throws {
        var previous = SequenceNumber.none
        try RootHistory(index.root).visit { event in
            switch event {
            case .snapshot(let record) where isInScope(record.file):
                previous = record.state.sequence
                if bounds?.contains(previous) == true { try body(.snapshot(snapshot(record))) }
            case .gap(let gap, _) where gap.file == .root || isInScope(gap.file):
                guard isShown(gapAfter: previous) else { return }
                let path = gap.file == .root ? nil : index.path(of: gap.file, at: previous.next)
                try body(.gap(gap, path))
            case .annotation(let annotation):
                guard let step = annotation.clockStep, isShown(gapAfter: previous) else { return }
                try body(.clock(step))
            default: break
            }
        }
    }

    private func isInScope(_ file: FileID) -> Bool { files?.contains(file) ?? true }

    private func isShown(gapAfter previous: SequenceNumber) -> Bool {
        guard let bounds else { return isFromStart && isToEnd }
        return (isFromStart || previous >= bounds.lowerBound) && (isToEnd || previous < bounds.upperBound)
    }

    private func snapshot(_ record: SnapshotRecord) -> Snapshot {
        let sequence = record.state.sequence
        let declaration = index.declaration(of: record.file, at: sequence)
        return Snapshot(
            record: record,
            time: index.entry(at: sequence)?.time ?? record.state.time,
            path: index.path(of: record.file, at: sequence),
            name: declaration?.name ?? "",
            kind: declaration?.kind ?? .plain,
            isGood: index.verdicts[sequence],
            unchecked: index.unchecked[sequence],
            tags: tags[sequence] ?? [],
            isHeld: index.holds.contains(sequence)
        )
    }
}

extension SnapshotIndex {
    /// The bounds of the last `count` snapshots within others, including those that are not moments of the
    /// root.
    fileprivate func last(
        _ count: Int,
        of files: Set<FileID>?,
        _ bounds: ClosedRange<SequenceNumber>
    ) -> ClosedRange<SequenceNumber> {
        let shown = entries.lazy.reversed().filter { entry in
            bounds.contains(entry.sequence) && files?.contains(entry.file) ?? true
        }
        let first = shown.prefix(count).reduce(bounds.upperBound) { min($0, $1.sequence) }
        return first...bounds.upperBound
    }

    /// The index of the first of `entries` from `since` on; the number of entries if there is none.
    fileprivate func lowerBound(_ since: When, in entries: [Entry], now: Instant) throws(WhenError) -> Int {
        guard case .instant = since else {
            return try resolve(since, in: entries, strictlyBefore: false, now: now)
        }
        do {
            return try resolve(since, in: entries, strictlyBefore: true, now: now) + 1
        } catch .beforeFirst, .noSnapshots {
            return 0
        }
    }

    /// The tags of each of `entries`, which are those of a scope. If a tag was set on another file's
    /// snapshot, it is listed at the snapshot to which a WHEN with its name leads.
    fileprivate func tagsBySnapshot(among entries: [Entry]) -> [SequenceNumber: [String]] {
        var found: [SequenceNumber: [String]] = [:]
        for (name, target) in tags {
            guard let index = entries.lastIndex(atOrBefore: target) else { continue }
            found[entries[index].sequence, default: []].append(name)
        }
        return found.mapValues { $0.sorted() }
    }
}
