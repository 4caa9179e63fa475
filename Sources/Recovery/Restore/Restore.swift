import LinuxFiles
package import Repository
package import SystemPackage

/// Carries out a plan: rebuilds each image in a temporary directory beside its destination, has it checked, and only
/// then gives it its name.
///
/// The digest is checked by `ImageRebuilder`, databases by SQLite as well. A file is complete under its final name or
/// not there at all, whenever the process or the machine stops; the same holds for a directory that did not exist. If
/// it existed, its files are put in one after the other.
package struct Restore: Sendable {
    package struct Outcome: Sendable {
        package let item: RestorePlan.Item
        package let state: SnapshotState
        package let integrity: Integrity
    }

    package let plan: RestorePlan
    /// Whether files that exist are replaced.
    package let isReplacing: Bool
    /// What SQLite looks at in databases.
    package let integrityCheck: Integrity.Check

    package init(_ plan: RestorePlan, isReplacing: Bool, integrityCheck: Integrity.Check = .full) {
        self.plan = plan
        self.isReplacing = isReplacing
        self.integrityCheck = integrityCheck
    }

    /// Calls `onFile` for each file that was restored and has its final name. Calls `onFailure` for each that
    /// could not be, with its path, and goes on; the failure of a plan for a single file is thrown instead.
    ///
    /// Throws `RestoreError`, `DamageError`, `RepositoryError`, `SystemError`.
    package func run(
        onFile: (Outcome) throws -> Void,
        onFailure: (FilePath, any Error) throws -> Void
    ) throws {
        guard plan.isDirectory else {
            for item in plan.items { try onFile(restoreFile(item)) }
            return
        }
        for name in plan.refused { try onFailure(plan.root.path.pushing(name), RestoreError.escapes(name)) }
        if try Destination.directory(plan.destination, isReplaceable: isReplacing) {
            try fillDirectory(onFile, onFailure)
        } else {
            try restoreNewDirectory(onFile, onFailure)
        }
    }

    private func restoreFile(_ item: RestorePlan.Item) throws -> Outcome {
        // What is in the way is said before the work rather than after it.
        let place = try place(of: item)
        let work = try UnfinishedWork.makeDirectory(in: place.directory)
        defer { UnfinishedWork.discard(work) }
        let image = work.appending("image")
        let states = try ImageRebuilder(plan.root)
            .rebuildAll([item.entry.file: image], at: item.entry.sequence, mayCloneMirrors: plan.isLatest)
        return try finish(item, states[item.entry.file], image)
    }

    /// Restores into a directory that exists.
    private func fillDirectory(
        _ onFile: (Outcome) throws -> Void,
        _ onFailure: (FilePath, any Error) throws -> Void
    ) throws {
        let work = try UnfinishedWork.makeDirectory(in: plan.destination)
        defer { UnfinishedWork.discard(work) }
        try restoreAll(plan.items, below: plan.destination, imagesIn: work, onFile, onFailure)
    }

    /// Builds the whole directory under another name first.
    private func restoreNewDirectory(
        _ onFile: (Outcome) throws -> Void,
        _ onFailure: (FilePath, any Error) throws -> Void
    ) throws {
        let parent = plan.destination.directory
        let work = try UnfinishedWork.makeDirectory(in: parent)
        defer { UnfinishedWork.discard(work) }
        let (images, top) = (work.appending("images"), work.appending("root"))
        try Directory.make(images)
        try Directory.make(top)

        var outcomes: [Outcome] = []
        try restoreAll(plan.moved(to: top), below: top, imagesIn: images, { outcomes.append($0) }, onFailure)
        try UnfinishedWork.name(top, plan.destination, isReplacing: true)
        try Directory.synchronise(parent)
        for outcome in outcomes { try onFile(outcome.moved(from: top, to: plan.destination)) }
    }
}

extension Restore {
    /// Rebuilds all images in one go over the history, then checks and names them one after the other.
    private func restoreAll(
        _ items: [RestorePlan.Item],
        below top: FilePath,
        imagesIn work: FilePath,
        _ onFile: (Outcome) throws -> Void,
        _ onFailure: (FilePath, any Error) throws -> Void
    ) throws {
        let images = items.map { ($0.entry.file, work.appending("\($0.entry.file)")) }
        let states = try ImageRebuilder(plan.root)
            .rebuildAll(Dictionary(uniqueKeysWithValues: images), at: plan.entry.sequence)
        for (item, (file, image)) in zip(items, images) {
            let outcome: Outcome
            do {
                try Destination.makeDirectories(for: item.destination, below: top)
                outcome = try finish(item, states[file], image)
            } catch {
                try onFailure(item.path, error)
                continue
            }
            try onFile(outcome)
        }
    }

    /// Checks a rebuilt image and gives it its name.
    private func finish(
        _ item: RestorePlan.Item,
        _ rebuilt: Result<SnapshotState, any Error>?,
        _ image: FilePath
    ) throws -> Outcome {
        guard let state = try rebuilt?.get() else {
            throw RepositoryError.noSnapshot(item.entry.file, at: item.entry.sequence)
        }
        guard state.sequence == item.entry.sequence else {
            throw RestoreError.wrongSnapshot(item.path, wanted: item.entry.sequence, got: state.sequence)
        }
        let integrity = try check(item, at: image)
        try OpenFile(image, .read).synchronise()
        let place = try place(of: item)
        do {
            try UnfinishedWork.name(image, place, isReplacing: isReplacing)
        } catch {
            guard error.code == .fileExists else { throw error }
            throw RestoreError.exists(place)
        }
        try Directory.synchronise(place.directory)
        return Outcome(item: item, state: state, integrity: integrity)
    }

    private func check(_ item: RestorePlan.Item, at path: FilePath) throws -> Integrity {
        guard item.kind == .database else { return .notApplicable }
        let integrity = try Integrity.check(databaseAt: path, integrityCheck)
        if case .problems(let problems) = integrity {
            throw RestoreError.notSound(item.path, item.entry.sequence, problems: problems)
        }
        return integrity
    }

    /// The name that the file really gets. Throws `RestoreError` when something is in its way.
    private func place(of item: RestorePlan.Item) throws -> FilePath {
        let place = try Destination.file(
            item.destination,
            isReplaceable: isReplacing,
            name: item.name.lastComponent
        )
        if item.kind == .database { try Destination.refuseSidecars(of: place) }
        return place
    }
}

extension Restore.Outcome {
    /// The same after its directory has become another one.
    fileprivate func moved(from old: FilePath, to new: FilePath) -> Self {
        Self(
            item: item.moved(to: item.destination.moved(from: old, to: new)),
            state: state,
            integrity: integrity
        )
    }
}

extension FilePath {
    /// The directory that it lies in, as a path that can be opened.
    fileprivate var directory: FilePath {
        let directory = removingLastComponent()
        return directory.isEmpty ? "." : directory
    }
}
