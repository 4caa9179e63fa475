import History
package import LinuxSystem
package import RepositoryFormat
import RepositoryReader
package import SystemPackage

/// Executes a plan: rebuilds each image in a temporary directory beside its destination, checks it, and then
/// gives it its name.
///
/// `ImageRebuilder` checks the digest, SQLite checks databases as well. A file is complete under its final
/// name or not there at all, whenever the process or the machine stops. So is a directory that did not exist.
/// In an existing one, the files are restored one after the other.
package struct Restore: Sendable {
    package struct Outcome: Sendable {
        package let item: RestorePlan.Item
        package let destination: FilePath
        package let state: SnapshotState
        package let integrity: Integrity
    }

    package let plan: RestorePlan
    /// Whether existing files are replaced.
    package let isReplacing: Bool
    /// SQLite's check of databases.
    package let integrityCheck: Integrity.Check
    /// Counts the bytes of the images, first when they are rebuilt and then when they are checked.
    private let progress: WorkProgress?

    package init(
        _ plan: RestorePlan,
        isReplacing: Bool,
        integrityCheck: Integrity.Check = .full,
        progress: WorkProgress? = nil
    ) {
        self.plan = plan
        self.isReplacing = isReplacing
        self.integrityCheck = integrityCheck
        self.progress = progress
    }

    /// Restores all files of the plan. If a plan for a single file fails, its error is thrown.
    ///
    /// - Parameters:
    ///   - onFile: called for each restored file with its final name.
    ///   - onFailure: called with the path of each file that could not be restored; the others continue.
    ///   - onShortfall: called for attributes that could not be restored.
    ///
    /// Throws `RestoreError`, `DamageError`, `RepositoryError`, `SystemError`.
    package func run(
        onFile: (Outcome) throws -> Void,
        onFailure: (FilePath, any Error) throws -> Void,
        onShortfall: (AttributesShortfall) -> Void = { _ in }
    ) throws {
        guard plan.isDirectory else {
            for item in plan.items { try onFile(restoreFile(item, onShortfall)) }
            return
        }
        for name in plan.refused { try onFailure(plan.root.path.pushing(name), RestoreError.escapes(name)) }
        guard try Destination.directory(plan.destination, isReplaceable: isReplacing) else {
            return try restoreNewDirectory(onFile, onFailure, onShortfall)
        }
        let top = try OpenDirectory(following: plan.destination)
        let work = try UnfinishedWork.makeDirectory(in: top)
        defer { UnfinishedWork.discard(work) }
        try restoreAll(below: top, imagesIn: work, onFile, onFailure, onShortfall)
    }

    private func restoreFile(
        _ item: RestorePlan.Item,
        _ onShortfall: (AttributesShortfall) -> Void
    ) throws -> Outcome {
        // An obstacle is reported before the work rather than after it.
        let place = try Destination.file(
            plan.destination,
            isReplaceable: isReplacing,
            name: item.name.lastComponent
        )
        try refuse(place, item)
        let work = try UnfinishedWork.makeDirectory(in: place.directory)
        defer { UnfinishedWork.discard(work) }
        let image = DirectoryEntry("image", in: work)
        let state = try rebuild([item.entry.file: image], at: item.entry.sequence, in: work)[item.entry.file]
        return try finish(item, state, image, place, onShortfall)
    }

    /// Builds the whole directory under another name first.
    private func restoreNewDirectory(
        _ onFile: (Outcome) throws -> Void,
        _ onFailure: (FilePath, any Error) throws -> Void,
        _ onShortfall: (AttributesShortfall) -> Void
    ) throws {
        guard let destination = try DirectoryEntry(following: plan.destination) else {
            throw RestoreError.isNotDirectory(plan.destination)
        }
        let work = try UnfinishedWork.makeDirectory(in: destination.directory)
        defer { UnfinishedWork.discard(work) }
        let (images, top) = (DirectoryEntry("images", in: work), DirectoryEntry("root", in: work))
        try images.makeDirectory()
        try top.makeDirectory()

        var outcomes: [Outcome] = []
        let opened = try OpenDirectory(top)
        try restoreAll(
            below: opened,
            imagesIn: OpenDirectory(images),
            { outcomes.append($0) },
            onFailure,
            onShortfall
        )
        try UnfinishedWork.name(top, destination, isReplacing: true)
        // Afterwards: a directory without write permission for its owner cannot be renamed.
        try DirectoryMaker(plan.directoriesBelow).finishTop(opened, onShortfall: onShortfall)
        try destination.directory.synchronise()
        for outcome in outcomes { try onFile(outcome) }
    }
}

extension Restore {
    /// Rebuilds all images in one pass over the history, then checks and names them one after the other.
    private func restoreAll(
        below top: OpenDirectory,
        imagesIn work: OpenDirectory,
        _ onFile: (Outcome) throws -> Void,
        _ onFailure: (FilePath, any Error) throws -> Void,
        _ onShortfall: (AttributesShortfall) -> Void
    ) throws {
        let maker = DirectoryMaker(plan.directoriesBelow)
        try maker.makeAll(below: top, for: plan.items.map(\.relativePath)) {
            try onFailure(plan.destination.pushing($0), $1)
        }
        let images = plan.items.map { ($0.entry.file, DirectoryEntry(.init("\($0.entry.file)")!, in: work)) }
        let states = try rebuild(Dictionary(uniqueKeysWithValues: images), at: plan.entry.sequence, in: work)
        for (item, (file, image)) in zip(plan.items, images) {
            let outcome: Outcome
            do {
                guard let place = try Destination.entry(item.relativePath, below: top, making: maker) else {
                    throw RestoreError.escapes(item.name)
                }
                outcome = try finish(item, states[file], image, place, onShortfall)
            } catch {
                try onFailure(item.path, error)
                continue
            }
            try onFile(outcome)
        }
        try maker.finish(below: top, onShortfall: onShortfall)
    }

    /// Makes the images in `work`.
    private func rebuild(
        _ images: [FileID: DirectoryEntry],
        at sequence: SequenceNumber,
        in work: OpenDirectory
    ) throws -> [FileID: Result<SnapshotState, any Error>] {
        do {
            let states = try ImageRebuilder(plan.root, progress: progress).rebuildAll(
                images.mapValues { work.heldPath.appending($0.name) },
                at: sequence,
                mayCloneMirrors: plan.isLatest
            ).mapValues { $0.mapError(work.named) }
            let sizes = states.values.compactMap { try? $0.get().shape.byteCount }
            progress?.begin("checking", totalBytes: sizes.reduce(0) { $0.addingSaturated($1) })
            return states
        } catch {
            throw work.named(error)
        }
    }

    /// Checks a rebuilt image, restores the file's attributes, and gives it its name.
    private func finish(
        _ item: RestorePlan.Item,
        _ rebuilt: Result<SnapshotState, any Error>?,
        _ image: DirectoryEntry,
        _ place: DirectoryEntry,
        _ onShortfall: (AttributesShortfall) -> Void
    ) throws -> Outcome {
        let state = try item.entry.state(rebuilt, of: item.path)
        defer { progress?.add(state.shape.byteCount) }
        let integrity = try check(item, at: image.directory.heldPath.appending(image.name))
        try refuse(place, item)
        let destination = plan.destination(of: item)
        let file = try OpenFile(image, .update)
        // A replaced file passes on its owner and mode.
        let replaced = try place.statusUnlessMissing().map {
            FileAttributes(ownership: $0.ownership, modified: item.attributes?.modified)
        }
        if let attributes = replaced ?? item.attributes {
            for shortfall in file.setAttributes(attributes, as: destination) { onShortfall(shortfall) }
        }
        try file.synchronise()
        do {
            try UnfinishedWork.name(image, place, isReplacing: isReplacing)
        } catch {
            guard error.code == .fileExists else { throw error }
            throw RestoreError.exists(destination)
        }
        try place.directory.synchronise()
        return Outcome(item: item, destination: destination, state: state, integrity: integrity)
    }

    private func check(_ item: RestorePlan.Item, at path: FilePath) throws -> Integrity {
        guard item.kind == .database else { return .notApplicable }
        let integrity = try Integrity.check(databaseAt: path, integrityCheck)
        if case .problems(let problems) = integrity {
            throw RestoreError.unhealthy(item.path, item.entry.sequence, problems: problems)
        }
        return integrity
    }

    /// Throws `RestoreError` when there is an obstacle to the file.
    private func refuse(_ place: DirectoryEntry, _ item: RestorePlan.Item) throws {
        let path = plan.destination(of: item)
        try Destination.refuse(place, isReplaceable: isReplacing, as: path, name: item.name.lastComponent)
        if item.kind == .database { try Destination.refuseSidecars(of: place, as: path) }
    }
}

extension SnapshotIndex.Entry {
    /// The state of a file's rebuilt image, which must be that of this snapshot.
    func state(_ rebuilt: Result<SnapshotState, any Error>?, of path: FilePath) throws -> SnapshotState {
        guard let state = try rebuilt?.get() else { throw RepositoryError.noSnapshot(file, at: sequence) }
        guard state.sequence == sequence else {
            throw RestoreError.wrongSnapshot(path, wanted: sequence, got: state.sequence)
        }
        return state
    }
}
