import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Writes the sealed segments and bases that the next batch will name as data objects, unless the remote has
/// them.
final class DataObjectWriter {
    private let remote: RemoteAccess
    private let root: RootDescription
    /// A larger object is written in parts of this size.
    private let partBytes: UInt64
    private var staged: StagedObjects
    /// The number of names that were given since the start.
    private var nameCount = 0
    /// The bytes of the objects that were written since the start.
    private(set) var writtenBytes: UInt64 = 0

    /// - Parameter number: of the next batch.
    init(
        _ remote: RemoteAccess,
        _ root: RootDescription,
        for number: BatchNumber,
        partBytes: UInt64
    ) async throws {
        (self.remote, self.root, self.partBytes) = (remote, root, partBytes)
        staged = try await StagedObjects(root, remote, for: number, savingEach: partBytes)
    }

    /// Whether no other process of this machine has written objects of the root since.
    var isCurrent: Bool { staged.isCurrent }

    /// The keys with which the objects for the next batch are sealed.
    var keys: Set<KeyID> { staged.keys }

    /// Starts over for another batch.
    func restart(for number: BatchNumber) async { await staged.restart(for: number) }

    /// The object that has the file. Throws `RootHasChanged` if there is none.
    func object(of path: FilePath) throws -> DataObject {
        guard let object = staged[Self.fileName(path)]?.object else { throw RootHasChanged() }
        return object
    }

    /// The stamp of the file when it was written as an object; nil if there is none.
    func stamp(of path: FilePath) -> FileStamp? { staged[Self.fileName(path)]?.stamp }

    /// Writes the objects that the batch of this plan will name. Throws `RootHasChanged`.
    ///
    /// - Parameter progress: counts the bytes of the files that the remote has.
    func write(_ plan: ShipmentPlan, _ local: LocalRoot, _ progress: WorkProgress?) async throws {
        var files: [(path: FilePath, stamp: FileStamp)] = []
        for first in plan.segmentObjects {
            if let stamp = local.stamps[first] { files.append((root.segmentPath(first), stamp)) }
        }
        for base in plan.baseObjects {
            let path = root.basePath(base.sequence, base.file)
            guard let status = try FileStatus.unlessMissing(path, followingLinks: false) else {
                throw RootHasChanged()
            }
            files.append((path, FileStamp(status)))
        }
        // The upload that was begun goes first: another one would end it.
        if let begun = files.firstIndex(where: { staged.hasBegun(Self.fileName($0.path), $0.stamp) }) {
            files.swapAt(0, begun)
        }
        for (path, stamp) in files {
            guard staged[Self.fileName(path)]?.stamp != stamp else {
                progress?.add(stamp.sizeBytes)
                continue
            }
            let object = try await write(path, stamp, progress)
            try staged.add(object, Self.fileName(path), stamp)
            if staged.begun?.name == object.name { staged.endUpload() }
            writtenBytes.addSaturated(object.sizeBytes)
        }
    }

    private func write(
        _ path: FilePath,
        _ stamp: FileStamp,
        _ progress: WorkProgress?
    ) async throws -> DataObject {
        let upload = ObjectUpload(
            store: remote.store,
            codec: remote.codec,
            root: root.id,
            partBytes: partBytes,
            work: progress
        )
        let save = { [self] (begun: BegunUpload) in try staged.save(begun) }
        if staged.hasBegun(Self.fileName(path), stamp), let begun = staged.begun,
            let object = try await upload.resume(begun, path, save: save)
        {
            return object
        }
        if stamp.sizeBytes > partBytes { await staged.abandonUpload() }
        return try await upload.run(path, stamp, as: newObjectName(path, stamp), save: save)
    }

    private func newObjectName(_ path: FilePath, _ stamp: FileStamp) -> ObjectName {
        nameCount += 1
        return ObjectNames.data(
            root.id,
            staged.number,
            session: remote.makeSession(of: Array("\(path) \(stamp)".utf8)),
            index: nameCount
        )
    }

    private static func fileName(_ path: FilePath) -> String { path.lastComponent?.string ?? "" }
}
