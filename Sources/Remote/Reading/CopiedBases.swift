package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import Synchronization
package import SystemPackage

/// The bases of a copy of a remote. Each is fetched when it is read for the first time. What is damaged in
/// the copy is fetched once more.
package final class CopiedBases: BaseSource {
    /// Runs a task, and blocks the caller's thread until it returns.
    package typealias Run = @Sendable (@escaping @Sendable () async throws -> Void) throws -> Void

    private let copy: RemoteCopy
    private let cache: CopyCache
    private let uses: [RootUse]
    private let run: Run
    /// As far as they were looked up.
    private let known = Mutex<[RootID: [BaseID: DataObject]]>([:])
    /// In which somebody has found damage.
    private let damaged = Mutex<Set<FilePath>>([])

    /// - Parameters:
    ///   - cache: of which the copy is a part.
    ///   - uses: of the roots that are read; they end with this value.
    package init(
        _ copy: RemoteCopy,
        in cache: CopyCache,
        using uses: [RootUse],
        run: @escaping Run
    ) {
        (self.copy, self.cache, self.uses, self.run) = (copy, cache, uses, run)
    }

    package func sizeBytes(_ path: FilePath) throws -> UInt64? { try object(path)?.object.sizeBytes }

    package func totalBytes(of root: RootDescription) throws -> UInt64 {
        let bases = try copy.state(of: root.id)?.bases.values
        return bases?.reduce(0) { $0.addingSaturated($1.sizeBytes) } ?? 0
    }

    package func open(_ path: FilePath) throws -> OpenFile {
        if let found = try object(path), let file = try whole(path, found.object) { return file }
        let lock = try copy.lock()
        defer { extendLifetime(lock) }
        // Another process may have updated the copy, or fetched the base.
        guard let (root, object) = try object(path, lookingUpAgain: true) else {
            return try StoredFile.open(path)
        }
        if let file = try whole(path, object) { return file }
        let copy = copy
        try run { try await copy.fetch(object, of: root, to: path) }
        let file = try StoredFile.open(path)
        cache.use(path, file)
        cache.trim()
        return file
    }

    package func replaceDamaged(_ path: FilePath) throws -> Bool {
        guard let root = Self.root(of: path), damaged.withLock({ $0.insert(path).inserted }) else {
            return false
        }
        let lock = try copy.lock()
        defer { extendLifetime(lock) }
        let copy = copy
        let isReplaced = Mutex(false)
        try run {
            let result = try await copy.replaceDamaged(path, of: root)
            isReplaced.withLock { $0 = result }
        }
        return isReplaced.withLock { $0 }
    }

    /// What has the path, unless it is missing or has another length. `BaseReader` proves its content.
    private func whole(_ path: FilePath, _ object: DataObject) throws -> OpenFile? {
        do {
            let file = try StoredFile.open(path)
            guard try file.status().sizeBytes == object.sizeBytes else { return nil }
            cache.use(path, file)
            return file
        } catch let error as SystemError where error.isAbsent {
            return nil
        }
    }

    private func object(
        _ path: FilePath,
        lookingUpAgain: Bool = false
    ) throws -> (root: RootID, object: DataObject)? {
        guard let base = path.lastComponent.flatMap(BaseID.init), let root = Self.root(of: path) else {
            return nil
        }
        if !lookingUpAgain, let object = known.withLock({ $0[root]?[base] }) { return (root, object) }
        let bases = try copy.state(of: root)?.bases ?? [:]
        known.withLock { $0[root] = bases }
        return bases[base].map { (root, $0) }
    }

    /// The one in whose directory the segment or base is.
    private static func root(of path: FilePath) -> RootID? {
        let place = path.removingLastComponent().removingLastComponent()
        return place.lastComponent.flatMap { RootID($0.string) }
    }
}
