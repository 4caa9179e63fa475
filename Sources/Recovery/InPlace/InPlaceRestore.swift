package import History
package import LinuxSystem
package import RepositoryFormat
import RepositoryReader
import SQLiteFiles
package import SystemPackage

/// Restores files in their own places, beside programs that use them.
///
/// The rule:
/// 1. Before any change, the wanted images are rebuilt and checked.
/// 2. Before any change, the current state is durable in the history.
/// 3. A database with a healthy current image is replaced in one transaction. Once no other program can
///    write, it must be unchanged since its capture.
/// 4. Any other file is exchanged by rename, and the previous file is renamed. A previous plain file that is
///    in the history is deleted afterwards.
package struct InPlaceRestore {
    package struct Options: Sendable {
        /// How long to wait for programs that use a database.
        package var wait = Duration.seconds(10)
        /// Whether files that programs have open are replaced all the same.
        package var isForced = false
        package var reason = ""
        package var check = Integrity.Check.full
        /// Counts the bytes of the wanted images as they are rebuilt.
        package var progress: WorkProgress?

        package init() {}
    }

    /// Captures everything committed, with these annotations.
    package typealias Capture = ([AnnotationRequest]) throws -> CapturedState

    let plan: InPlacePlan
    let options: Options
    let capture: Capture
    /// Of the current time, as `20260129-120000`.
    let stamp: String
    let tags: RecoveryTags

    package init(
        _ plan: InPlacePlan,
        _ options: Options,
        _ index: SnapshotIndex,
        capture: @escaping Capture
    ) {
        let now = Instant.now
        self.plan = plan
        self.options = options
        self.capture = capture
        stamp = now.stamp(in: .system)
        tags = index.freeTags(for: plan.action, now: now)
    }

    /// Restores all files of the plan. Returns the entry recorded in the history; nil if nothing had to
    /// change. If a plan for a single file fails, its error is thrown.
    ///
    /// - Parameters:
    ///   - onFile: called for each file that now has the wanted state.
    ///   - onFailure: called for each file that could not be restored.
    ///   - onNewerFiles: called with the files that exist now but did not then. They are not changed.
    ///   - onShortfall: called for attributes of missing files and directories that could not be restored.
    ///
    /// Throws `InPlaceError`, `RestoreError`, `DamageError`, `RepositoryError`, `SystemError`, and what
    /// `capture` throws.
    package func run(
        onFile: (InPlaceOutcome) throws -> Void,
        onFailure: (FilePath, any Error) throws -> Void,
        onNewerFiles: ([FilePath]) -> Void = { _ in },
        onShortfall: (AttributesShortfall) -> Void = { _ in }
    ) throws -> RecoveryEntry? {
        let start = MonotonicInstant.now
        removeLeftovers()
        let work = try UnfinishedWork.makeDirectory(in: plan.root.directory)
        defer { UnfinishedWork.discard(work) }
        let (images, captured) = try begin(in: work, onNewerFiles)
        var outcomes: [InPlaceOutcome] = []
        let maker = DirectoryMaker(plan.directories)
        if plan.makesDirectories {
            let top = try LivePlace.top(of: plan.root, by: maker)
            try maker.makeAll(below: top, for: plan.items.map(\.name)) {
                try onFailure(plan.root.path.pushing($0), $1)
            }
        }
        defer { finish(maker, onShortfall) }
        // For several files, the state before any of them was changed.
        let state = plan.items.count > 1 ? captured.sequence : nil
        let begun = BegunRecovery(tags.before, at: state, capture)
        try begun.run {
            try eachItem(onFailure) { item in
                let outcome = try restoreItem(item, images, captured, maker, begun)
                outcomes.append(outcome)
                for shortfall in outcome.shortfalls { onShortfall(shortfall) }
            }
            finish(maker, onShortfall)
            try refuse(onFailure)
        }
        let elapsed = start.duration(to: .now)
        guard outcomes.contains(where: { $0.strategy != .unchanged }) else {
            begun.endIfUnchanged()
            for outcome in outcomes { try onFile(outcome) }
            return nil
        }
        let conclusion = Result { try conclude(&outcomes, images, elapsed) }
        for outcome in outcomes { try onFile(outcome) }
        switch conclusion {
        case .success((let entry, let checks)):
            try checks.get()
            return entry
        case .failure(let error):
            throw InPlaceError.unrecorded(plan.root.path, tag: tags.before, String(describing: error))
        }
    }

    /// A dry run: reports how each file would be restored.
    package func dryRun(
        onFile: (InPlaceOutcome) throws -> Void,
        onFailure: (FilePath, any Error) throws -> Void,
        onNewerFiles: ([FilePath]) -> Void = { _ in }
    ) throws {
        let work = try UnfinishedWork.makeDirectory(in: plan.root.directory)
        defer { UnfinishedWork.discard(work) }
        let (images, captured) = try begin(in: work, onNewerFiles)
        if plan.makesDirectories, let top = try? OpenDirectory(Directory.resolve(plan.root.path)) {
            let maker = DirectoryMaker(plan.directories)
            try maker.makeAll(below: top, for: plan.items.map(\.name), isDryRun: true) {
                try onFailure(plan.root.path.pushing($0), $1)
            }
        }
        try eachItem(onFailure) { item in
            var (present, strategy) = try seenStrategy(item, images, from: captured)
            let wanted = try images.wanted(item, options.check, isUndo: plan.action == .undo)
            let keepsPageSize =
                try strategy == .transaction
                && wanted.map { try self.keepsPageSize(item, images, at: present, $0) } ?? false
            if keepsPageSize { strategy = .rename }
            var outcome = InPlaceOutcome(
                item: item,
                state: wanted?.state,
                strategy: strategy,
                before: present
            )
            if strategy != .unchanged {
                // The file that replaces a database in WAL mode gets that mode.
                let isLogged = try keepsPageSize || wanted?.header()?.readVersion == 2
                try refuseObstacles(item, strategy, mayBeForced: !isLogged)
                outcome.changes = try images.differences(item, at: present)
                outcome.becomesUnreadable =
                    try images.present(item, at: present)?.isHealthyDatabase ?? false
                    && wanted?.isHealthyDatabase == false
            }
            try onFile(outcome)
        }
        try refuse(onFailure)
    }

    /// Makes the wanted images, then captures the current state.
    private func begin(
        in work: OpenDirectory,
        _ onNewerFiles: ([FilePath]) -> Void
    ) throws -> (InPlaceImages, CapturedState) {
        let images = InPlaceImages(plan.root, in: work.path, progress: options.progress)
        try refuseIfOthersWroteMeanwhile(images)
        try images.rebuildWanted(plan.items)
        let captured = try capture([])
        let present = captured.sequence
        onNewerFiles(plan.newerFiles(try images.history(upTo: present), at: present))
        return (images, captured)
    }

    /// If one of several files fails, the others continue, unless the process is to end.
    private func eachItem(
        _ onFailure: (FilePath, any Error) throws -> Void,
        _ body: (InPlacePlan.Item) throws -> Void
    ) throws {
        for item in plan.items {
            do {
                try body(item)
            } catch {
                guard plan.items.count > 1, !UnfinishedWork.isToBeAbandoned else { throw error }
                try onFailure(item.path, error)
            }
        }
    }

    private func refuse(_ onFailure: (FilePath, any Error) throws -> Void) throws {
        for name in plan.refused { try onFailure(plan.root.path.pushing(name), RestoreError.escapes(name)) }
    }

    /// Throws if an obstacle would currently prevent the restore of a file.
    private func refuseObstacles(
        _ item: InPlacePlan.Item,
        _ strategy: InPlaceOutcome.Strategy,
        mayBeForced: Bool
    ) throws {
        try LivePlace.refuseObstacles(to: item.name, in: plan.root)
        guard let place = try LivePlace.of(item.name, in: plan.root) else { return }
        if strategy == .transaction {
            return try DatabaseLocks.waitUntilFree(place, item.path, wait: options.wait)
        }
        let holders =
            try place.statusUnlessMissing() == nil
            ? ProcessTable.writers(ofRemovedFileAt: place.path) : ProcessTable.writers(ofFileAt: place.path)
        guard holders.isEmpty || options.isForced && mayBeForced else {
            throw InPlaceError.inUse(place.path, holders, mayBeForced: mayBeForced)
        }
    }

    /// Restores the attributes of directories that were made. One that was removed again is ignored.
    private func finish(_ maker: DirectoryMaker, _ onShortfall: (AttributesShortfall) -> Void) {
        guard plan.root.kind == .directory, let path = try? Directory.resolve(plan.root.path),
            let top = try? OpenDirectory(path)
        else { return }
        try? maker.finish(below: top, onShortfall: onShortfall)
    }

    /// Removes the files that killed restores left beside the files.
    private func removeLeftovers() {
        var directories: Set<FilePath> = []
        for item in plan.items where directories.insert(item.path.removingLastComponent()).inserted {
            guard let place = try? LivePlace.of(item.name, in: plan.root) else { continue }
            UnfinishedWork.removeLeftovers(in: place.directory)
        }
    }

    /// After the last change: checks the result, and records the recovery in the history. Also returns the
    /// result of the checks.
    private func conclude(
        _ outcomes: inout [InPlaceOutcome],
        _ images: InPlaceImages,
        _ elapsed: Duration
    ) throws -> (RecoveryEntry, checks: Result<Void, any Error>) {
        let result = try capture([]).sequence
        // The recovery must be recorded even if the checks fail: undo needs it.
        let checks = Result {
            for index in outcomes.indices where outcomes[index].strategy != .unchanged {
                let (item, before) = (outcomes[index].item, outcomes[index].before)
                // After an exchange by rename the image is the live file, which programs may have changed.
                if outcomes[index].strategy == .transaction {
                    outcomes[index].changes = try images.differences(item, at: before)
                }
                outcomes[index].check = try images.check(item, from: before, to: result, options.check)
            }
        }
        let changed = outcomes.filter { $0.strategy != .unchanged }
        let entry = RecoveryEntry(
            plan.action,
            time: .now,
            result: result,
            at: plan.at,
            before: Dictionary(uniqueKeysWithValues: changed.map { ($0.item.file, $0.before) }),
            tables: changed.flatMap { outcome in
                outcome.changes.tables.map {
                    RecoveryEntry.Table(
                        path: outcome.item.path.string,
                        table: $0.table,
                        lost: $0.removed,
                        regained: $0.added,
                        changed: $0.changed
                    )
                }
            },
            elapsed: elapsed,
            reason: options.reason
        )
        // The tag moves to the earliest of these states.
        _ = try entry.record(tags, before: entry.before.values.min() ?? result, capture)
        return (entry, checks)
    }
}
