import GRDB
import History
import LinuxSystem
import RepositoryFormat
import SystemPackage

extension InPlaceRestore {
    /// How a file would be brought back, from its state at `sequence`. Its wanted image is checked.
    func way(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        from sequence: SequenceNumber
    ) throws -> InPlaceOutcome.Way {
        let entry = try images.entry(item, at: sequence)
        guard let wanted = try images.wanted(item, options.check, isUndo: plan.action == .undo) else {
            return entry == nil ? .unchanged : .aside
        }
        let place = try LivePlace.of(item.name, in: plan.root)
        guard entry != nil, let place, try place.statusUnlessMissing() != nil else { return .rename }
        guard let present = try images.present(item, at: sequence) else {
            // The file itself is asked: the history may lack what cannot be read.
            return try wanted.state.map { try images.holds(place, $0) } ?? false ? .unchanged : .rename
        }
        if entry == item.entry || present.isSame(as: wanted) { return .unchanged }
        guard wanted.isSoundDatabase, present.isSoundDatabase else { return .rename }
        // The backup API would empty a database at once, before it could be asked whether it is as it was
        // captured.
        return wanted.state?.shape.byteCount == 0 ? .rename : .transaction
    }

    /// The same, and from which snapshot, once it is known what the file has now: somebody may have it
    /// locked. Throws `InPlaceError.unseen` when that takes longer than the time allowed.
    func seenWay(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        from captured: CapturedState
    ) throws -> (SequenceNumber, InPlaceOutcome.Way) {
        let way = try way(item, images, from: captured.sequence)
        // What is exchanged goes aside, whatever it has.
        guard way == .unchanged || way == .transaction, captured.whyUnseen(item.path) != nil else {
            return (captured.sequence, way)
        }
        let deadline = MonotonicInstant.now.advanced(by: options.wait)
        let sequence = try CapturedState.seeing(item.path, until: deadline, capture)
        return (sequence, try self.way(item, images, from: sequence))
    }

    /// Brings one file back. `captured` is the present. `marks`: what is still to be said of it
    /// before anything changes.
    func bring(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        _ captured: CapturedState,
        _ maker: DirectoryMaker,
        _ marks: inout [AnnotationRequest]
    ) throws -> InPlaceOutcome {
        let (sequence, way) = try seenWay(item, images, from: captured)
        let wanted = try images.wanted(item, options.check, isUndo: plan.action == .undo)
        var outcome = InPlaceOutcome(item: item, state: wanted?.state, way: way, before: sequence)
        guard way != .unchanged else { return outcome }
        let place = try LivePlace.made(item.name, in: plan.root, by: maker)
        try Destination.refuse(place, isReplaceable: true, as: place.path, name: item.name.lastComponent)
        guard let wanted else {
            try setAside(place, images, &outcome, &marks)
            return outcome
        }
        if way == .transaction, try replace(place, by: wanted.path, &outcome, &marks) { return outcome }
        try exchange(place, for: wanted, images, &outcome, &marks)
        return outcome
    }

    /// In one transaction. Returns false when only an exchange can do it.
    private func replace(
        _ place: DirectoryEntry,
        by image: FilePath,
        _ outcome: inout InPlaceOutcome,
        _ marks: inout [AnnotationRequest]
    ) throws -> Bool {
        let files = LiveFiles(place)
        let deadline = MonotonicInstant.now.advanced(by: max(options.wait, .seconds(2)))
        try files.waitForCommit()
        let lockWait = LockWait(options.wait)
        let replacement = DatabaseReplacement(database: place, image: image, lockWait: lockWait)
        repeat {
            let stamp = try files.stamp()
            outcome.before = try CapturedState.seeing(
                outcome.item.path,
                until: deadline,
                saying: marks,
                capture
            )
            marks = []
            switch try replacement.run(isUnchanged: { try files.stamp().isSame(as: stamp) }) {
            case .done:
                outcome.holders = ProcessTable.writers(ofFileAt: place.path)
                return true
            case .impossible: return false
            case .outdated: continue
            }
        } while MonotonicInstant.now < deadline
        throw InPlaceError.restless(outcome.item.path, ProcessTable.writers(ofFileAt: place.path))
    }

    /// Has the present captured, and says what is still to be said.
    private func captured(_ marks: inout [AnnotationRequest]) throws -> SequenceNumber {
        let captured = try capture(marks)
        marks = []
        return captured.sequence
    }

    /// How often it is tried to exchange a file just as it was captured.
    private static let exactAttempts = 3

    private func exchange(
        _ place: DirectoryEntry,
        for image: InPlaceImages.Image,
        _ images: InPlaceImages,
        _ outcome: inout InPlaceOutcome,
        _ marks: inout [AnnotationRequest]
    ) throws {
        let work = try UnfinishedWork.makeDirectory(in: place.directory)
        defer { UnfinishedWork.discard(work) }
        let near = DirectoryEntry("wanted", in: work)
        let files = LiveFiles(place)
        let deadline = MonotonicInstant.now.advanced(by: max(options.wait, .seconds(2)))
        var attempts = 0
        repeat {
            attempts += 1
            try absorbSidecars(of: place, outcome.item, images, at: outcome.before)
            let stamp = try files.stamp()
            outcome.before = try captured(&marks)
            let present = try images.present(outcome.item, at: outcome.before)
            let keepsAside =
                try image.isDatabase || present != nil
                || !images.isCaptured(outcome.item, as: place, at: outcome.before)
            // While the image is still there to be read.
            if try near.statusUnlessMissing() == nil {
                outcome.changes =
                    (try? images.differences(outcome.item, at: outcome.before)) ?? DatabaseDiff()
                try image.move(to: near)
            }
            let exchange = FileExchange(
                place: place,
                attributes: outcome.item.attributes,
                asideSuffix: (present?.isSoundDatabase ?? !image.isDatabase ? ".replaced-" : ".corrupted-")
                    + self.stamp,
                keepsAside: keepsAside,
                wait: options.wait,
                isForced: options.isForced
            )
            // Under programs that go on writing, what stays aside has what they wrote last.
            let mayDiffer = keepsAside && attempts >= Self.exactAttempts
            let done = try exchange.run(near, putAside: &outcome.aside) {
                try mayDiffer || files.stamp().isSame(as: stamp)
            }
            if let done {
                outcome.shortfalls = done
                outcome.way = .rename
                return
            }
        } while MonotonicInstant.now < deadline
        throw InPlaceError.restless(outcome.item.path, ProcessTable.writers(ofFileAt: place.path))
    }

    /// Has SQLite put into a sound database what its log or a hot journal holds. Should this end amid the
    /// exchange, between two names, then the database lacks nothing without them. Of one that is not sound
    /// all stays as it is.
    private func absorbSidecars(
        of place: DirectoryEntry,
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        at sequence: SequenceNumber
    ) throws {
        guard try images.present(item, at: sequence)?.isSoundDatabase ?? false else { return }
        // Who has it open is waited for later; what cannot be put in goes aside.
        try? place.connect(Configuration()).writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    private func setAside(
        _ place: DirectoryEntry,
        _ images: InPlaceImages,
        _ outcome: inout InPlaceOutcome,
        _ marks: inout [AnnotationRequest]
    ) throws {
        try absorbSidecars(of: place, outcome.item, images, at: outcome.before)
        outcome.before = try captured(&marks)
        let exchange = FileExchange(
            place: place,
            attributes: nil,
            asideSuffix: ".undone-\(stamp)",
            keepsAside: true,
            wait: options.wait,
            isForced: options.isForced
        )
        outcome.aside = try exchange.setAside()
    }
}
