import LinuxFiles
import Repository
import SystemPackage

extension InPlaceRestore {
    /// Brings one file back.
    func bring(_ item: InPlacePlan.Item, _ images: InPlaceImages, _ safety: Sequence) throws -> InPlaceOutcome
    {
        if plan.root.kind == .directory {
            try Destination.makeDirectories(for: item.path, below: plan.root.path)
        }
        let place = try Destination.file(item.path, isReplaceable: true, name: item.name.lastComponent)
        let wanted = try images.wanted(item, options.check, isUndo: plan.action == .undo)
        let present = try images.present(item, at: safety)
        var outcome = InPlaceOutcome(item: item, state: wanted?.state, way: .unchanged, before: safety)
        guard let wanted else {
            if present != nil { try setAside(place, &outcome) }
            return outcome
        }
        if let present, present.isSame(as: wanted), FileStatus.ifPresent(place) != nil {
            return outcome
        }
        if wanted.isSoundDatabase, present?.isSoundDatabase ?? false, FileStatus.ifPresent(place) != nil,
            try replace(place, by: wanted.path, &outcome)
        {
            return outcome
        }
        let isDatabase = present?.isDatabase ?? false || wanted.isDatabase
        let label = present?.isSoundDatabase ?? false ? "replaced" : "corrupted"
        try exchange(place, for: wanted.path, label: isDatabase ? label : nil, images, &outcome)
        return outcome
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
        repeat {
            let stamp = try files.stamp()
            outcome.before = try capture([])
            switch try replacement.run(isUnchanged: { try files.stamp().isSame(as: stamp) }) {
            case .done:
                outcome.way = .transaction
                outcome.holders = holders(of: place)
                return true
            case .impossible: return false
            case .outdated: continue
            }
        } while Tick.now < deadline
        throw InPlaceError.restless(outcome.item.path, holders(of: place))
    }

    private func exchange(
        _ place: FilePath,
        for image: FilePath,
        label: String?,
        _ images: InPlaceImages,
        _ outcome: inout InPlaceOutcome
    ) throws {
        outcome.before = try capture([])
        outcome.tables = try images.rowDifferences(outcome.item, at: outcome.before)
        let exchange = FileExchange(
            place: place,
            asideSuffix: label.map { ".\($0)-\(stamp)" },
            wait: options.wait,
            isForced: options.isForced
        )
        outcome.aside = try exchange.run(image)
        outcome.way = .rename
    }

    private func setAside(_ place: FilePath, _ outcome: inout InPlaceOutcome) throws {
        outcome.before = try capture([])
        let exchange = FileExchange(
            place: place,
            asideSuffix: ".undone-\(stamp)",
            wait: options.wait,
            isForced: options.isForced
        )
        outcome.aside = try exchange.setAside()
        outcome.way = .aside
    }

    private func holders(of place: FilePath) -> [ProcessTable.Holder] {
        FileStatus.ifPresent(place).map { ProcessTable.writers(of: [$0.identity]) } ?? []
    }
}
