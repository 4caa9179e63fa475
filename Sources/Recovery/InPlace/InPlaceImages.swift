import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// The images of a restore in place, rebuilt in a directory of its own. The wanted ones are rebuilt first,
/// those of the states before and after on first use.
final class InPlaceImages {
    struct Image {
        let path: FilePath
        /// nil: it is no snapshot.
        let state: SnapshotState?
        /// nil: it is no database.
        let integrity: Integrity?

        var isDatabase: Bool { integrity != nil }

        /// Whether SQLite finds it healthy, so that a transaction can read it or write over it.
        var isHealthyDatabase: Bool {
            switch integrity {
            case nil, .problems: false
            case .ok, .notApplicable, .unchecked: true
            }
        }

        /// nil when it is too short for one.
        func header() throws -> DatabaseHeader? { try DatabaseHeader(of: OpenFile(path, .read)) }

        /// Moves it to a free name, on any file system.
        func move(to destination: DirectoryEntry) throws {
            try DirectoryEntry(following: path).map { try FileCopy.move($0, to: destination) }
        }

        func isSame(as other: Image) -> Bool {
            guard let state, let otherState = other.state else { return false }
            return state.digest == otherState.digest && state.shape == otherState.shape
        }
    }

    private let root: RootDescription
    private let work: FilePath
    private var rebuilt: [FileID: Result<SnapshotState, any Error>] = [:]
    private var wanted: [FileID: Image] = [:]
    /// The images of the last requested snapshot of each file.
    private var seen: [FileID: (sequence: SequenceNumber, image: Image?)] = [:]
    private var index: SnapshotIndex?
    private var count = 0
    private let progress: WorkProgress?

    init(_ root: RootDescription, in work: FilePath, progress: WorkProgress?) {
        self.progress = progress
        self.root = root
        self.work = work
    }

    /// Rebuilds all wanted images, in one pass over the history for each snapshot, and makes those that come
    /// from SQL.
    func rebuildWanted(_ items: [InPlacePlan.Item]) throws {
        for item in items {
            switch item.source {
            case .sql(let dump): try SQLDump(file: dump).make(wantedPath(item.file))
            case .image(let image): try FileCopy.copy(image, to: wantedPath(item.file))
            case .snapshot, .nothing: break
            }
        }
        let groups = Dictionary(grouping: items.filter { $0.entry != nil }) { $0.entry!.sequence }
        // As of the last of them, each file has its own snapshot.
        guard let last = groups.keys.max() else { return }
        let isOneMoment = try isOneMoment(items, last)
        for (sequence, items) in isOneMoment ? [last: items.filter { $0.entry != nil }] : groups {
            let outputs = items.map { ($0.file, wantedPath($0.file)) }
            rebuilt.merge(
                try ImageRebuilder(root, progress: progress)
                    .rebuildAll(Dictionary(uniqueKeysWithValues: outputs), at: sequence)
            ) { $1 }
        }
    }

    private func isOneMoment(_ items: [InPlacePlan.Item], _ last: SequenceNumber) throws -> Bool {
        let index = try history(upTo: last)
        return items.allSatisfy { $0.entry == nil || index.entry(of: $0.file, atOrBefore: last) == $0.entry }
    }

    /// The wanted image of a file; nil if there was none. Throws `RestoreError` when it is a database that is
    /// not healthy, unless an undo restores that state.
    func wanted(_ item: InPlacePlan.Item, _ check: Integrity.Check, isUndo: Bool) throws -> Image? {
        if let known = wanted[item.file] { return known }
        let state: SnapshotState?
        switch item.source {
        case .nothing: return nil
        case .sql, .image: state = nil
        case .snapshot(let entry): state = try entry.state(rebuilt[item.file], of: item.path)
        }
        let path = wantedPath(item.file)
        let integrity = item.kind == .database ? try Integrity.check(databaseAt: path, check) : nil
        if case .problems(let problems) = integrity, !isUndo {
            throw RestoreError.unhealthy(item.path, item.entry?.sequence ?? .none, problems: problems)
        }
        let image = Image(path: path, state: state, integrity: integrity)
        wanted[item.file] = image
        return image
    }

    /// The newest snapshot of a file that is not later than `sequence`; nil if there was no such file.
    func entry(_ item: InPlacePlan.Item, at sequence: SequenceNumber) throws -> SnapshotIndex.Entry? {
        let entry = try history(upTo: sequence).entry(of: item.file, atOrBefore: sequence)
        return entry?.event == .deleted ? nil : entry
    }

    /// The image of that snapshot, if it is a database: others are not examined.
    func present(
        _ item: InPlacePlan.Item,
        at sequence: SequenceNumber,
        _ check: Integrity.Check = .quick
    ) throws -> Image? {
        guard let entry = try entry(item, at: sequence), let index,
            index.declaration(of: item.file, at: entry.sequence)?.kind == .database
        else { return nil }
        if let known = seen[item.file], known.sequence == entry.sequence { return known.image }
        count += 1
        let path = work.appending("seen-\(count)")
        let state = try ImageRebuilder(root).rebuild(item.file, at: entry.sequence, to: path)
        let image = Image(path: path, state: state, integrity: try Integrity.check(databaseAt: path, check))
        if let old = seen[item.file]?.image { try? Directory.remove(old.path) }
        seen[item.file] = (entry.sequence, image)
        return image
    }

    /// Whether the file has that content.
    func holds(_ place: DirectoryEntry, _ state: SnapshotState) throws -> Bool {
        let file = try OpenFile(place, .protected)
        guard try file.status().sizeBytes == state.shape.byteCount else { return false }
        return try ImageDigest.of(file, shape: state.shape) == state.digest
    }

    /// Whether a plain file has the content of the history at `sequence`.
    func isCaptured(
        _ item: InPlacePlan.Item,
        as place: DirectoryEntry,
        at sequence: SequenceNumber
    ) throws -> Bool {
        guard let entry = try entry(item, at: sequence), try place.statusUnlessMissing() != nil else {
            return true
        }
        count += 1
        let image = work.appending("seen-\(count)")
        defer { try? Directory.remove(image) }
        return try holds(place, ImageRebuilder(root).rebuild(item.file, at: entry.sequence, to: image))
    }

    /// The changes from the file's state at `sequence` to the wanted one, which was requested before. Images
    /// that cannot be read are omitted.
    func differences(_ item: InPlacePlan.Item, at sequence: SequenceNumber) throws -> DatabaseDiff {
        let images = [try present(item, at: sequence), wanted[item.file]]
        guard images.allSatisfy({ $0?.isHealthyDatabase ?? true }) else {
            return DatabaseDiff()
        }
        var diff = try ImageDiff(from: images[0]?.path, to: images[1]?.path).summary()
        if images.contains(where: { $0 == nil }) {
            // It is obvious that all tables appear or disappear with the file.
            for index in diff.tables.indices { diff.tables[index].notes = [] }
            diff.tables.removeAll(where: \.isEmpty)
        }
        return diff
    }

    /// The changes between two of a database's snapshots.
    func differences(
        _ item: InPlacePlan.Item,
        from old: SequenceNumber,
        to new: SequenceNumber
    ) throws -> DatabaseDiff {
        let outputs = [work.appending("older"), work.appending("newer")]
        defer { for output in outputs { try? Directory.remove(output) } }
        for (output, sequence) in zip(outputs, [old, new]) {
            try ImageRebuilder(root).rebuild(item.file, at: sequence, to: output)
        }
        return try ImageDiff(from: outputs[0], to: outputs[1]).summary()
    }

    /// SQLite's check of a database afterwards; nil if it is not one.
    func check(
        _ item: InPlacePlan.Item,
        from before: SequenceNumber,
        to after: SequenceNumber,
        _ check: Integrity.Check
    ) throws -> InPlaceOutcome.Check? {
        let former = try present(item, at: before)
        let isReadable = former?.isHealthyDatabase ?? false
        let schemaBefore = isReadable ? try ImageDatabase(at: former!.path).schemaVersion() : nil
        guard let image = try present(item, at: after, check), let integrity = image.integrity else {
            return nil
        }
        let database = image.isHealthyDatabase ? try ImageDatabase(at: image.path) : nil
        return InPlaceOutcome.Check(
            integrity: integrity,
            violations: try database?.foreignKeyViolations() ?? [],
            schemaBefore: schemaBefore,
            schemaAfter: try database?.schemaVersion()
        )
    }

    private func wantedPath(_ file: FileID) -> FilePath { work.appending("wanted-\(file)") }

    /// The history, read again when it ends before `sequence`.
    func history(upTo sequence: SequenceNumber) throws -> SnapshotIndex {
        if let index, let last = index.entries.last, last.sequence >= sequence { return index }
        let read = try SnapshotIndex(root)
        index = read
        return read
    }
}
