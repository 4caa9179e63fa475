import GRDB
import History
import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

extension InPlaceRestore {
    /// The strategy for restoring a file from its state at `sequence`. Its wanted image is checked.
    func chooseStrategy(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        from sequence: SequenceNumber
    ) throws -> InPlaceOutcome.Strategy {
        let entry = try images.entry(item, at: sequence)
        guard let wanted = try images.wanted(item, options.check, isUndo: plan.action == .undo) else {
            return entry == nil ? .unchanged : .movedAway
        }
        let place = try LivePlace.of(item.name, in: plan.root)
        guard entry != nil, let place, try place.statusUnlessMissing() != nil else { return .rename }
        guard let present = try images.present(item, at: sequence) else {
            // The file itself is read: the history may lack content that cannot be read.
            return try wanted.state.map { try images.holds(place, $0) } ?? false ? .unchanged : .rename
        }
        if entry == item.entry || present.isSame(as: wanted) { return .unchanged }
        guard wanted.isHealthyDatabase, present.isHealthyDatabase else { return .rename }
        // The backup API would empty a database at once, before the check that it is unchanged since its
        // capture.
        return wanted.state?.shape.byteCount == 0 ? .rename : .transaction
    }

    /// Whether a transaction is impossible: a database in WAL mode keeps its page size
    /// (sqlite.org/c3ref/backup_finish.html, SQLITE_READONLY). A restore learns it from SQLite.
    func keepsPageSize(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        at sequence: SequenceNumber,
        _ wanted: InPlaceImages.Image
    ) throws -> Bool {
        guard let old = try images.present(item, at: sequence)?.header(), let new = try wanted.header() else {
            return false
        }
        return old.readVersion == 2 && old.pageSize != new.pageSize
    }

    /// Waits until the file's current state is captured: a program may have it locked. Returns its snapshot
    /// and the strategy. Throws `InPlaceError.unseen` when that takes longer than the time allowed, and
    /// `.isExcluded`.
    func seenStrategy(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        from captured: CapturedState
    ) throws -> (SequenceNumber, InPlaceOutcome.Strategy) {
        try captured.refuseIfExcluded(item.name, at: item.path)
        let strategy = try chooseStrategy(item, images, from: captured.sequence)
        // A replaced file is renamed, whatever its content.
        guard strategy == .unchanged || strategy == .transaction, captured.whyUnseen(item.path) != nil else {
            return (captured.sequence, strategy)
        }
        let deadline = MonotonicInstant.now.advanced(by: options.wait)
        let sequence = try CapturedState.seeing(item.name, at: item.path, until: deadline) {
            try capture([])
        }
        return (sequence, try chooseStrategy(item, images, from: sequence))
    }

    /// Restores one file. `captured` is the current state.
    func restoreItem(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        _ captured: CapturedState,
        _ maker: DirectoryMaker,
        _ begun: BegunRecovery
    ) throws -> InPlaceOutcome {
        let (sequence, strategy) = try seenStrategy(item, images, from: captured)
        let wanted = try images.wanted(item, options.check, isUndo: plan.action == .undo)
        let outcome = InPlaceOutcome(item: item, state: wanted?.state, strategy: strategy, before: sequence)
        guard strategy != .unchanged else { return outcome }
        let place = try LivePlace.made(item.name, in: plan.root, by: maker)
        try LivePlace.refuseUnlessFile(place)
        var change = FileChange(
            restore: self,
            images: images,
            place: place,
            outcome: outcome,
            begun: begun
        )
        guard let wanted else {
            try change.quarantine()
            return change.outcome
        }
        if strategy == .transaction, try change.replace(by: wanted.path) { return change.outcome }
        try change.exchange(for: wanted)
        return change.outcome
    }
}

/// The change of one file.
private struct FileChange {
    let restore: InPlaceRestore
    let images: InPlaceImages
    let place: DirectoryEntry
    var outcome: InPlaceOutcome
    let begun: BegunRecovery
    private var options: InPlaceRestore.Options { restore.options }

    /// In one transaction. Returns false when only an exchange is possible.
    mutating func replace(by image: FilePath) throws -> Bool {
        let lockWait = LockWait(options.wait)
        let replacement = DatabaseReplacement(database: place, image: image, lockWait: lockWait)
        let files = LiveFiles(place)
        try files.waitForCommit()
        let isReplaced = try files.changeAsCaptured(outcome.item.path, wait: options.wait) { deadline in
            try CapturedState.seeing(
                outcome.item.name,
                at: outcome.item.path,
                until: deadline,
                begun.captured
            )
        } change: { before, isUnchanged in
            outcome.before = before
            try restore.refuseIfOthersWrote()
            let result = try begun.change(isUnchanged, hasChanged: { $0 == .done }) {
                try replacement.run(isUnchanged: isUnchanged)
            }
            switch result {
            case .done: return true
            case .impossible: return false
            case .outdated: return nil
            }
        }
        if isReplaced { outcome.holders = ProcessTable.writers(ofFileAt: place.path) }
        return isReplaced
    }

    /// The number of attempts to replace a file exactly as it was captured.
    private static let exactAttempts = 3

    mutating func exchange(for image: InPlaceImages.Image) throws {
        let work = try UnfinishedWork.makeDirectory(in: place.directory)
        defer { UnfinishedWork.discard(work) }
        let near = DirectoryEntry("wanted", in: work)
        var attempts = 0
        outcome.shortfalls = try LiveFiles(place).changeAsCaptured(
            outcome.item.path,
            wait: options.wait,
            prepare: { try absorbSidecars() }
        ) { _ in
            try begun.captured().sequence
        } change: { before, isUnchanged in
            attempts += 1
            outcome.before = before
            try restore.refuseIfOthersWrote()
            let present = try images.present(outcome.item, at: before)
            let keepsPrevious =
                try image.isDatabase || present != nil
                || !images.isCaptured(outcome.item, as: place, at: before)
            // While the image can still be read.
            if try near.statusUnlessMissing() == nil {
                outcome.changes = (try? images.differences(outcome.item, at: before)) ?? DatabaseDiff()
                try image.move(to: near)
            }
            let isReplaced = present?.isHealthyDatabase ?? !image.isDatabase
            // If programs continue to write, the renamed file has their last writes.
            let mayDiffer = keepsPrevious && attempts >= Self.exactAttempts
            let exchange = fileExchange(
                isReplaced ? ".replaced-" : ".corrupted-",
                keepsPrevious: keepsPrevious
            )
            return try begun.change(isUnchanged, hasChanged: { $0 != nil }) {
                try exchange.run(near, quarantined: &outcome.quarantined) {
                    try isUnchanged() || mayDiffer && !UnfinishedWork.isToBeAbandoned
                }
            }
        }
        outcome.strategy = .rename
    }

    /// Makes SQLite apply the log or hot journal of a healthy database. If the process ends between the two
    /// renames of the exchange, the database is complete without them. The sidecars of one that is not
    /// healthy remain unchanged.
    private func absorbSidecars() throws {
        guard try images.present(outcome.item, at: outcome.before)?.isHealthyDatabase ?? false else { return }
        // Programs that have it open are waited for later. Sidecars that cannot be applied are renamed with
        // the file.
        try? place.connect(Configuration()).writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    mutating func quarantine() throws {
        try absorbSidecars()
        let files = LiveFiles(place)
        let stamp = try files.stamp()
        outcome.before = try begun.captured().sequence
        outcome.quarantined = try begun.change(
            { try files.stamp().isSame(as: stamp) },
            hasChanged: { !$0.isEmpty }
        ) {
            try fileExchange(".undone-", keepsPrevious: true).quarantine()
        }
    }

    private func fileExchange(_ suffix: String, keepsPrevious: Bool) -> FileExchange {
        FileExchange(
            place: place,
            attributes: outcome.item.attributes,
            quarantineSuffix: suffix + restore.stamp,
            keepsPrevious: keepsPrevious,
            wait: options.wait,
            isForced: options.isForced
        )
    }
}
