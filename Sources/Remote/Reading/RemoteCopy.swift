import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
import Synchronization
package import SystemPackage

/// A repository made from a remote: for commands that read, on a machine that may have nothing else.
///
/// It is a cache: what the remote still has is not fetched again, and it may be removed at any time. Bases
/// dominate, and most commands need few of them: `CopiedBases` fetches those.
package struct RemoteCopy: Sendable {
    private let remote: RemoteAccess
    let directory: FilePath
    private let waits: @Sendable () -> Void
    /// After that it is told that another process has the lock.
    private static let silence = Duration.milliseconds(300)
    private static let stateName: FilePath.Component = "remote-state"
    private static let rootsAtOnce = 4
    /// Of one base, so that 32 MiB at most are in memory.
    private static let partsAtOnce = 8

    /// - Parameters:
    ///   - directory: of the repository; made if it is missing.
    ///   - waits: is called when another process changes the copy, and is waited for.
    package init(
        _ remote: RemoteAccess,
        in directory: FilePath,
        waits: @escaping @Sendable () -> Void = {}
    ) {
        (self.remote, self.directory, self.waits) = (remote, directory, waits)
    }

    /// Whether a root is in such a copy.
    package static func isOne(_ root: RootDescription) -> Bool {
        FileStatus.ifPresent(root.directory.appending(stateName)) != nil
    }

    /// Fetches what is new of the roots that `choose` names, or of all if it names none. It gets a repository
    /// with the descriptions of all, and nothing else. A lock keeps other processes out.
    ///
    /// Returns the uses of these roots, to be kept as long as they are read.
    ///
    /// - Parameter isAnew: whether nothing of the former copy is used: so what is read was at the remote now.
    @discardableResult
    package func update(
        anew isAnew: Bool = false,
        choosing choose: (RepositoryDirectory) throws -> Set<RootID>
    ) async throws -> [RootUse] {
        try Directory.make(directory.appending("roots"))
        let lock = try self.lock()
        defer { extendLifetime(lock) }
        try makeRepository()
        let states = try await states()
        let chosen = try choose(try describe(states))
        var uses: [RootUse] = []
        for (root, state) in states where chosen.isEmpty || chosen.contains(root) {
            uses.append(try RootUse.begin(of: place(root)))
            try await update(root, state, anew: isAnew)
        }
        return uses
    }

    /// What is there of another repository, or damaged, is of no use.
    private func makeRepository() throws {
        do {
            _ = try MadeRepository.openOrMake(at: directory, id: remote.repository)
            return
        } catch RepositoryError.malformed, RepositoryError.unsupported {
        } catch let error as RemoteError where error.kind == .otherWriter {
            try Directory.removeTree(directory.appending("roots"))
        }
        try Directory.remove(directory.appending(RepositoryDirectory.fileName))
        _ = try MadeRepository.openOrMake(at: directory, id: remote.repository)
    }

    /// Of all roots. One of which nothing can be restored yet is none.
    private func states() async throws -> [RootID: RemoteState] {
        let states = Mutex<[RootID: RemoteState]>([:])
        try await remote.roots().forEachAtOnce(Self.rootsAtOnce) { root in
            let state = try await remote.reading(root).newestState()
            if state.batch.number > .none { states.withLock { $0[root] = state } }
        }
        let found = states.withLock { $0 }
        guard !found.isEmpty else { throw RemoteError(.missing, "nothing was shipped to it yet") }
        return found
    }

    private func describe(_ states: [RootID: RemoteState]) throws -> RepositoryDirectory {
        let described = directory.appending("described")
        try Directory.removeTree(described)
        let repository = try MadeRepository.openOrMake(at: described, id: remote.repository)
        for (root, state) in states {
            let place = described.appending("roots").appending("\(root)")
            try Directory.make(place)
            try Directory.replaceFile(at: place.appending(RootFile.name), with: state.description)
        }
        return repository
    }

    /// Until it is destroyed, no other process changes the copy. What one that was killed has left is
    /// removed.
    func lock() throws -> OpenFile {
        let lock = try OpenFile(directory, .read)
        try lock.waitForExclusiveLock(after: Self.silence, waits)
        try removeLeftovers()
        return lock
    }

    /// Drafts, and roots that were removed to make room.
    private func removeLeftovers() throws {
        for place in [directory, directory.appending("roots")] {
            for name in try Directory.names(in: place) {
                let path = place.appending(name)
                switch name.extension {
                case "new": try Directory.removeTree(path)
                // Another process may be removing it.
                case "old": try? Directory.removeTree(path)
                default: break
                }
            }
        }
        try Directory.removeTree(fetched)
    }

    /// What is fetched, until it gets its name.
    private var fetched: FilePath { directory.appending("fetched") }

    private func update(_ root: RootID, _ state: RemoteState, anew isAnew: Bool) async throws {
        let place = self.place(root)
        let draft = place.appending(suffix: ".new")
        // `exchange` may need the name, and who made room may have been killed since.
        try Directory.removeTree(place.appending(suffix: ".old"))
        let known = isAnew ? nil : try self.state(of: root)
        let former = known.map { RootDownload.Former(state: $0, directory: place) }
        if former?.state == state, isWhole(place, state) { return }
        let download = RootDownload(remote.reading(root), to: draft, reusing: former)
        try await download.write(state, withBases: false)
        let index = state.indexObject(root, session: state.batch.session ?? 0, writer: "", .now)
        try Directory.replaceFile(at: draft.appending(Self.stateName), with: index.encoded())
        guard FileStatus.ifPresent(place) != nil else { return try Directory.rename(draft, to: place) }
        // Another process may be reading it.
        try Directory.exchange(draft, place)
        try Directory.removeTree(draft)
    }

    /// Whether the small files are as they should be, and segments have their sizes. Other damage is found by
    /// who reads them.
    private func isWhole(_ place: FilePath, _ state: RemoteState) -> Bool {
        let small: [(FilePath.Component, [UInt8])] = [
            (RootFile.name, state.description), (RootFile.copyName, state.description),
            ("durable", state.mark),
        ]
        let areRight = small.allSatisfy { name, content in
            let found = try? StoredFile.open(place.appending(name)).content(upTo: 1 << 20)
            return (found ?? []) == content
        }
        return areRight
            && state.segments.allSatisfy { first, segment in
                let path = place.appending("segments").appending(SegmentName.make(first))
                return FileStatus.ifPresent(path)?.sizeBytes == segment.byteCount
            }
    }

    private func place(_ root: RootID) -> FilePath { directory.appending("roots").appending("\(root)") }

    /// What the copy has of the root, apart from bases; nil if it does not have it.
    func state(of root: RootID) throws -> RemoteState? {
        let path = place(root).appending(Self.stateName)
        guard FileStatus.ifPresent(path) != nil, let bytes = try StoredFile.open(path).content(upTo: 1 << 30)
        else { return nil }
        // A session belongs to the names of batches only where the store has no conditions.
        let name = ObjectNames.remote
        guard let object = try? StreamObject(bytes, .index, name) else { return nil }
        let session = remote.hasConditions ? nil : object.session
        let id = BatchID(object.number, session: session == 0 ? nil : session)
        return try? RemoteState(object, id, name)
    }

    /// Fetches a base of the root. The copy must be locked.
    func fetch(_ object: DataObject, of root: RootID, to path: FilePath) async throws {
        let download = ObjectDownload(reading: remote.reading(root), partsAtOnce: Self.partsAtOnce)
        try await download.run(object, to: fetched)
        try Directory.rename(fetched, to: path)
    }

    /// Fetches a segment or base of the root anew, unless it is what the remote has. The copy must be locked.
    /// Returns whether another file has the path now.
    func replaceDamaged(_ path: FilePath, of root: RootID) async throws -> Bool {
        guard let name = path.lastComponent, let state = try state(of: root) else { return false }
        if let base = BaseID(name) {
            // Another process has updated the copy: then its list is another one.
            guard let object = state.bases[base] else { return true }
            if try digest(path) == object.digest { return false }
            try await fetch(object, of: root, to: path)
            return true
        }
        guard let first = SegmentName.parse(name) else { return false }
        guard let segment = state.segments[first] else { return true }
        let former = try digest(path)
        if let object = segment.object, segment.pieces.isEmpty, object.digest == former { return false }
        try await RootDownload(remote.reading(root), to: directory).write(segment, to: fetched)
        if try digest(fetched) == former { return false }
        try Directory.rename(fetched, to: path)
        return true
    }

    /// Nil if there is no such file.
    private func digest(_ path: FilePath) throws -> ObjectDigest? {
        do {
            return try ObjectDigest(of: StoredFile.open(path))
        } catch let error as SystemError where error.isAbsent {
            return nil
        }
    }
}
