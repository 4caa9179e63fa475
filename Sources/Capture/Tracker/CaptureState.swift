import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// What the values that capture a file share. The tracker owns it and passes it to each of them.
struct CaptureState: ~Copyable {
    let file: FileID
    /// Relative to the root.
    let name: FilePath
    let context: CaptureContext
    /// The last state handed to the recorder; nil when there is none, or the file was gone.
    var image: ObservedImage?
    var pending = PendingEvents()
    var presence: FilePresence
    var ledger: CommitLedger
    var outbox: CaptureOutbox
    var schedule = ProcessSchedule()

    /// Files up to this size are compared by reading them whole into one capture; larger ones are scanned.
    static let wholeBytes: UInt64 = 4 << 20

    var path: FilePath { presence.path }
    var kind: FileKind { presence.kind }
    var report: FileReport { FileReport(path: presence.path, meter: context.meter) }
    var bounds: ImageBounds { ImageBounds(path: presence.path, capturedBytes: image?.shape.byteCount ?? 0) }
}

// Waiting
extension CaptureState {
    /// Has the events read that wait, so that what happened before this moment is known.
    mutating func readEvents(before next: consuming ResumedWork) -> ProcessStep {
        schedule.resume(with: next)
        return .needsEvents
    }

    /// Has the file processed again after `delay`.
    mutating func retry(in delay: Duration, from now: MonotonicInstant = .now) -> ProcessStep {
        schedule.retry(in: delay, from: now)
        return .done
    }

    /// Has the file processed again when the recorder has made something durable.
    mutating func waitForRecorder() -> ProcessStep {
        schedule.waitForRecorder()
        return .done
    }

    /// Whether the mirror shows all that was handed over; if not, another call follows when it does.
    mutating func mirrorIsCurrent() -> Bool {
        if context.queue.isSettled(file) { return true }
        schedule.waitForRecorder()
        return false
    }
}

// Gaps
extension CaptureState {
    /// Commits share a snapshot, and nobody can tell how many: a gap.
    mutating func suspectUncounted() {
        outbox.putGap(since: ledger.knownGoodUntil, "commits that could not be counted one by one")
    }

    /// The commits that no snapshot names yet; what nobody could count of them is a gap.
    mutating func takeMerged() -> MergedCommits {
        if ledger.merged.isUncertain { suspectUncounted() }
        return ledger.takeMerged()
    }

    /// Everything has been compared for which there was a reason.
    mutating func contentIsCertain() {
        if pending.rescanReason != nil { outbox.put(.gapCleared(file)) }
        pending.rescanReason = nil
        presence.obstacles.end(report)
    }

    /// Counts the commits in a log that came and went, or is there, before the first capture of a database
    /// that was made meanwhile.
    mutating func merge(_ log: WALTail) {
        guard ledger.isBorn, image == nil else { return }
        ledger.add(try? log.reader.commitsSinceMade(&context.scratch))
    }

    /// The name of the next snapshot. `isCommit`: it is one commit alone.
    func event(isCommit: Bool) -> SnapshotEvent {
        ledger.event(isReplaced: pending.rescanReason == .replaced, isCommit: isCommit)
    }
}

// The file
extension CaptureState {
    /// Of a file of which all content was handed over.
    mutating func handOverAttributes() {
        guard image != nil,
            let news = presence.attributes.take(path, presence.identity, keepingTime: kind == .plain)
        else { return }
        outbox.put(.attributes(file, news.attributes, isWithContent: news.isWithContent, time: .now))
    }

    /// A file is a database when it says so, or when it is empty and SQLite keeps a log or a journal beside
    /// it.
    mutating func decideKindAgain(_ logs: LogCapture, _ journal: JournalWatch) throws {
        let opened = try OpenFile(path, .protected)
        let got = try opened.read(into: &context.scratch, count: DatabaseLayout.headerBytes, at: 0)
        let isDatabase = context.scratch[..<got].starts(with: DatabaseHeader.magic)
        guard try isDatabase || (got == 0 && sidecarOrigin(logs, journal) == .sqlite) else { return }
        become(.database)
    }

    /// Whether a database is an empty file after all, and what is beside it somebody else's.
    func isEmptyBesideFiles(_ logs: LogCapture, _ journal: JournalWatch) throws -> Bool {
        guard (image?.shape.byteCount ?? 0) == 0, FileStatus.directIfPresent(path)?.sizeBytes == 0 else {
            return false
        }
        return try sidecarOrigin(logs, journal) == .other
    }

    private func sidecarOrigin(_ logs: LogCapture, _ journal: JournalWatch) throws -> SidecarOrigin {
        let log = try logs.origin(&context.scratch)
        let beside = try journal.origin(&context.scratch)
        if log == .sqlite || beside == .sqlite { return .sqlite }
        return log == .other || beside == .other ? .other : .absent
    }

    private mutating func become(_ kind: FileKind) {
        presence.kind = kind
        outbox.put(.declare(file, name: name, kind: kind))
        // Pages of another size: the image as a file of the other kind is no basis.
        if image.take() != nil {
            ledger.kindChanges(isDatabase: kind == .database, isReplaced: pending.rescanReason == .replaced)
        }
        pending.rescanUnlessWanted(.firstLook)
    }

    /// Another program has overwritten the database with something else.
    mutating func becomePlain(_ now: MonotonicInstant) {
        become(.plain)
        schedule.retry(in: .zero, from: now)
    }

    /// A writer left no pause in which the file could be captured. `writer`: the other file of its group that
    /// is written.
    mutating func missPause(of writer: FilePath? = nil, _ now: MonotonicInstant) {
        let name = path.printable
        let what =
            if let writer {
                "\(name) is captured together with \(writer.printable), which is being written without a pause"
            } else {
                "\(name) is being written without a pause"
            }
        let quiet = PendingEvents.quiet.nanoseconds / 1_000_000
        // A log of a program, mostly.
        let advice = kind == .plain ? ", or left out with --exclude" : ""
        let reason = "\(what): it is captured once its writer closes it or pauses for \(quiet) ms\(advice)"
        presence.obstacles.missPause(now, reason, report)
    }

    /// The same where somebody keeps the lock, and no journal on the disk tells when he commits.
    /// `isAfterJournal`: one told of a commit, and he has written since.
    mutating func missUnlock(isAfterJournal: Bool, _ now: MonotonicInstant) {
        let program = isAfterJournal ? "that wrote it after its journal" : "whose journal is not on the disk"
        let what = "\(path.printable) is locked by a program \(program)"
        presence.obstacles.missPause(now, "\(what): it is captured when the lock goes", report)
    }
}
