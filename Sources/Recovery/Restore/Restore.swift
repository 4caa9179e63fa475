import LinuxFiles
package import Repository
package import SystemPackage

/// Carries out a plan: rebuilds each image into a temporary file beside its destination, has it checked, and
/// only then gives it its name.
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

    package init(_ plan: RestorePlan, isReplacing: Bool) {
        self.plan = plan
        self.isReplacing = isReplacing
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
            for item in plan.items { try onFile(restore(item)) }
            return
        }
        for name in plan.refused { try onFailure(plan.root.path.pushing(name), RestoreError.escapes(name)) }
        if try Destination.directory(plan.destination, isReplaceable: isReplacing) {
            try restore(plan.items, below: plan.destination, onFile, onFailure)
        } else {
            try restoreNewDirectory(onFile, onFailure)
        }
    }

    /// Builds the directory under another name first.
    private func restoreNewDirectory(
        _ onFile: (Outcome) throws -> Void,
        _ onFailure: (FilePath, any Error) throws -> Void
    ) throws {
        let parent = plan.destination.directory
        let temporary = UnfinishedWork.newPath(in: parent)
        try UnfinishedWork.makeDirectory(at: temporary)
        defer { UnfinishedWork.discard(temporary) }
        var outcomes: [Outcome] = []
        try restore(plan.moved(to: temporary), below: temporary, { outcomes.append($0) }, onFailure)
        try UnfinishedWork.finish(temporary, as: plan.destination, isReplacing: true)
        try Directory.synchronise(parent)
        for outcome in outcomes { try onFile(outcome.moved(to: plan.destination)) }
    }

    private func restore(
        _ items: [RestorePlan.Item],
        below top: FilePath,
        _ onFile: (Outcome) throws -> Void,
        _ onFailure: (FilePath, any Error) throws -> Void
    ) throws {
        for item in items {
            let outcome: Outcome
            do {
                try Destination.makeDirectories(for: item.destination, below: top)
                outcome = try restore(item)
            } catch {
                try onFailure(item.path, error)
                continue
            }
            try onFile(outcome)
        }
    }
}

// One file.
extension Restore {
    private func restore(_ item: RestorePlan.Item) throws -> Outcome {
        let destination = try Destination.file(
            item.destination,
            isReplaceable: isReplacing,
            name: item.name.lastComponent
        )
        if item.kind == .database { try Destination.refuseSidecars(of: destination) }
        let temporary = UnfinishedWork.newPath(in: destination.directory)
        defer { UnfinishedWork.discard(temporary) }

        let state = try ImageRebuilder(plan.root).rebuild(
            item.entry.file,
            at: item.entry.sequence,
            into: temporary
        )
        guard state.sequence == item.entry.sequence else {
            throw RestoreError.wrongSnapshot(item.path, wanted: item.entry.sequence, got: state.sequence)
        }
        let integrity = try check(item, at: temporary)
        try OpenFile(temporary, .update).synchronise()
        if item.kind == .database { try Destination.refuseSidecars(of: destination) }
        try name(temporary, destination)
        try Directory.synchronise(destination.directory)
        return Outcome(item: item, state: state, integrity: integrity)
    }

    private func check(_ item: RestorePlan.Item, at path: FilePath) throws -> Integrity {
        guard item.kind == .database else { return .notApplicable }
        let integrity = try Integrity.check(databaseAt: path)
        if case .problems(let problems) = integrity {
            throw RestoreError.notSound(item.path, item.entry.sequence, problems: problems)
        }
        return integrity
    }

    private func name(_ temporary: FilePath, _ destination: FilePath) throws {
        do {
            try UnfinishedWork.finish(temporary, as: destination, isReplacing: isReplacing)
        } catch  where error.code == .fileExists {
            throw RestoreError.exists(destination)
        }
    }
}

extension Restore.Outcome {
    /// The same after its directory has become another one.
    fileprivate func moved(to directory: FilePath) -> Self {
        let destination = RestorePlan.place(of: item.name, in: directory) ?? item.destination
        return Self(item: item.moved(to: destination), state: state, integrity: integrity)
    }
}

extension FilePath {
    /// The directory that it lies in, as a path that can be opened.
    fileprivate var directory: FilePath {
        let directory = removingLastComponent()
        return directory.isEmpty ? "." : directory
    }
}
