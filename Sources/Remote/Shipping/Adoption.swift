package import LinuxSystem
package import RepositoryFormat
import RepositoryReader
package import SystemPackage

/// Makes the history of a remote the one of a repository, which goes on shipping to it.
///
/// Nothing is written to the remote. The next batch does that: then the writer that had it before, should it
/// still run somewhere, finds its number taken and stops.
package struct Adoption: Sendable {
    private let remote: RemoteAccess
    private let repository: FilePath
    private let progress: WorkProgress?

    /// - Parameters:
    ///   - repository: the directory of a repository that does not have the root.
    ///   - progress: counts the bytes that are fetched.
    package init(_ remote: RemoteAccess, in repository: FilePath, progress: WorkProgress? = nil) {
        (self.remote, self.repository, self.progress) = (remote, repository, progress)
    }

    /// Returns what was adopted. Throws what `RootDownload` throws; then the repository is as it was.
    package func run(_ root: RootID) async throws -> RemoteState {
        let directory = repository.appending("roots").appending("\(root)")
        let draft = directory.appending(suffix: ".new")
        try Directory.removeTree(draft)
        let download = RootDownload(remote.reading(root), to: draft, progress: progress)
        let state = try await download.run()
        var cursor = ShippingCursor()
        cursor.state = state
        for (first, segment) in state.segments where segment.object != nil && segment.pieces.isEmpty {
            let path = draft.appending("segments").appending(SegmentName.make(first))
            cursor.stamps[first] = FileStamp(try FileStatus.of(path, followingLinks: false))
        }
        try cursor.save(in: draft, remote.address, root)
        try Directory.renameToNew(draft, to: directory)
        try Directory.synchronise(repository.appending("roots"))
        return state
    }
}
