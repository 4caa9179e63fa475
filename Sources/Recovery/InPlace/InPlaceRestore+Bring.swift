import LinuxFiles
import Repository
import SystemPackage

extension InPlaceRestore {
    /// How a file would be brought back, from its state at `sequence`. Its wanted image is checked.
    func way(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        from sequence: Sequence
    ) throws -> InPlaceOutcome.Way {
        let entry = try images.entry(item, at: sequence)
        guard let wanted = try images.wanted(item, options.check, isUndo: plan.action == .undo) else {
            return entry == nil ? .unchanged : .aside
        }
        guard entry != nil, FileStatus.ifPresent(item.path) != nil else { return .rename }
        if entry == item.entry { return .unchanged }
        guard let present = try images.present(item, at: sequence) else { return .rename }
        if present.isSame(as: wanted) { return .unchanged }
        return wanted.isSoundDatabase && present.isSoundDatabase ? .transaction : .rename
    }

    /// Brings one file back. `sequence` is a snapshot of the present.
    func bring(
        _ item: InPlacePlan.Item,
        _ images: InPlaceImages,
        _ sequence: Sequence
    ) throws -> InPlaceOutcome {
        let way = try way(item, images, from: sequence)
        let wanted = try images.wanted(item, options.check, isUndo: plan.action == .undo)
        var outcome = InPlaceOutcome(item: item, state: wanted?.state, way: way, before: sequence)
        guard way != .unchanged else { return outcome }
        if plan.root.kind == .directory {
            try makeRoot()
            try Destination.makeDirectories(for: item.path, below: plan.root.path)
        }
        let place = try Destination.file(item.path, isReplaceable: true, name: item.name.lastComponent)
        guard let wanted else {
            try setAside(place, &outcome)
            return outcome
        }
        if way == .transaction, try replace(place, by: wanted.path, &outcome) { return outcome }
        let present = try images.present(item, at: outcome.before)
        let label = present?.isSoundDatabase ?? false ? "replaced" : "corrupted"
        let isDatabase = wanted.isDatabase || present != nil
        try exchange(place, for: wanted.path, label: isDatabase ? label : nil, images, &outcome)
        return outcome
    }

    /// A root that was removed comes back as if its parent's owner had made it.
    private func makeRoot() throws {
        let path = plan.root.path
        guard FileStatus.ifPresent(path) == nil else { return }
        let parent = try FileStatus.of(path.removingLastComponent()).ownership
        try Directory.make(path)
        let bits = 0o700 | (parent.permissions & 0o055)
        try OpenFile(path, .read).setOwnership(
            FileOwnership(userID: parent.userID, groupID: parent.groupID, permissions: bits)
        )
    }

    /// In one transaction. Returns false when only an exchange can do it.
    private func replace(
        _ place: FilePath,
        by image: FilePath,
        _ outcome: inout InPlaceOutcome
    ) throws -> Bool {
        let files = LiveFiles(place)
        let deadline = Tick.now.advanced(by: max(options.wait, .seconds(2)))
        let replacement = DatabaseReplacement(database: place, image: image, wait: options.wait)
        var marks = [AnnotationWish.tag(tags.before)]
        repeat {
            let stamp = try files.stamp()
            outcome.before = try capture(marks)
            marks = []
            switch try replacement.run(isUnchanged: { try files.stamp().isSame(as: stamp) }) {
            case .done:
                outcome.holders = ProcessTable.writers(ofFileAt: place)
                return true
            case .impossible: return false
            case .outdated: continue
            }
        } while Tick.now < deadline
        throw InPlaceError.restless(outcome.item.path, ProcessTable.writers(ofFileAt: place))
    }

    private func exchange(
        _ place: FilePath,
        for image: FilePath,
        label: String?,
        _ images: InPlaceImages,
        _ outcome: inout InPlaceOutcome
    ) throws {
        outcome.before = try capture([.tag(tags.before)])
        outcome.tables = try images.rowDifferences(outcome.item, at: outcome.before)
        let work = try UnfinishedWork.makeDirectory(in: place.removingLastComponent())
        defer { UnfinishedWork.discard(work) }
        let near = work.appending("wanted")
        try FileCopy.move(image, to: near)
        let exchange = FileExchange(
            place: place,
            asideSuffix: label.map { ".\($0)-\(stamp)" },
            wait: options.wait,
            isForced: options.isForced
        )
        outcome.aside = try exchange.run(near)
        outcome.way = .rename
    }

    private func setAside(_ place: FilePath, _ outcome: inout InPlaceOutcome) throws {
        outcome.before = try capture([.tag(tags.before)])
        let exchange = FileExchange(
            place: place,
            asideSuffix: ".undone-\(stamp)",
            wait: options.wait,
            isForced: options.isForced
        )
        outcome.aside = try exchange.setAside()
    }
}
