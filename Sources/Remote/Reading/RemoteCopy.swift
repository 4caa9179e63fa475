import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// A repository made from a remote: for commands that read, on a machine that may have nothing else.
///
/// It is a cache: what the remote still has is not fetched again, and it may be removed at any time.
package struct RemoteCopy: Sendable {
    private let remote: RemoteAccess
    private let directory: FilePath
    private static let stateName: FilePath.Component = "remote-state"

    /// `directory`: of the repository; made if it is missing.
    package init(_ remote: RemoteAccess, in directory: FilePath) {
        (self.remote, self.directory) = (remote, directory)
    }

    /// Whether a root is in such a copy.
    package static func isOne(_ root: RootDescription) -> Bool {
        FileStatus.ifPresent(root.directory.appending(stateName)) != nil
    }

    /// Fetches what is new of these roots. One after the other: a lock keeps other processes out.
    package func update(_ roots: [RootID], repository: String) async throws {
        try Directory.make(directory.appending("roots"))
        let lock = try OpenFile(directory, .read)
        try lock.waitForExclusiveLock()
        _ = try MadeRepository.openOrMake(at: directory, id: repository)
        for root in roots { try await update(root) }
        extendLifetime(lock)
    }

    private func update(_ root: RootID) async throws {
        let place = directory.appending("roots").appending("\(root)")
        let (draft, old) = (place.appending(suffix: ".new"), place.appending(suffix: ".old"))
        for path in [draft, old] { try Directory.removeTree(path) }
        let reading = remote.reading(root)
        let state = try await reading.newestState()
        let former = try former(place, root)
        if former?.state == state { return }
        try await RootDownload(reading, to: draft, reusing: former).write(state)
        let index = state.indexed(root, session: state.batch.session ?? 0, writer: "", .now)
        try Directory.replaceFile(at: draft.appending(Self.stateName), with: index.encoded())
        if FileStatus.ifPresent(place) != nil { try Directory.rename(place, to: old) }
        try Directory.rename(draft, to: place)
        try Directory.removeTree(old)
    }

    private func former(_ place: FilePath, _ root: RootID) throws -> RootDownload.Former? {
        let path = place.appending(Self.stateName)
        guard FileStatus.ifPresent(path) != nil, let bytes = try StoredFile.open(path).content(upTo: 1 << 30)
        else { return nil }
        // A session belongs to the names of batches only where the store has no conditions.
        let name = ObjectNames.remote
        guard let object = try? StreamObject(bytes, .index, name) else { return nil }
        let session = remote.hasConditions ? nil : object.session
        let id = BatchID(object.number, session: session == 0 ? nil : session)
        guard let state = try? RemoteState(object, id, name) else { return nil }
        return RootDownload.Former(state: state, directory: place)
    }
}
