package import History
package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Images of earlier moments: files, each rebuilt and compared with its digest, and images that only SQLite
/// reads, page by page. The files are in a private directory that is removed with this value, or when the
/// command is interrupted. It is in the repository if that can be written.
package final class HistoricalImages {
    private let root: RootDescription
    private let work: OpenDirectory
    private var paths: [SequenceNumber: FilePath] = [:]
    private let pastImages = PastImages()
    private var past: [SequenceNumber: ImageURI] = [:]
    private let progress: WorkProgress?

    package init(_ root: RootDescription, progress: WorkProgress? = nil) throws {
        self.root = root
        self.progress = progress
        work = try UnfinishedWork.makeDirectory(forReading: root.directory)
    }

    deinit {
        UnfinishedWork.discard(work)
    }

    /// The image of a snapshot; nil if its file was deleted then. Throws `DamageError`, `RepositoryError`,
    /// `SystemError`.
    package func image(_ entry: SnapshotIndex.Entry) throws -> FilePath? {
        guard entry.event != .deleted else { return nil }
        if let known = paths[entry.sequence] { return known }
        let path = work.path.appending("\(entry.sequence)")
        let state = try ImageRebuilder(root, progress: progress).rebuild(
            entry.file,
            at: entry.sequence,
            to: path
        )
        guard state.sequence == entry.sequence else {
            throw RepositoryError.noSnapshot(entry.file, at: entry.sequence)
        }
        paths[entry.sequence] = path
        return path
    }

    /// The image of a snapshot, for what reads only parts of it; nil if its file was deleted then. What is
    /// read of it has its checksums; its digest is not compared. Throws as `image`.
    package func readable(_ entry: SnapshotIndex.Entry) throws -> ImageURI? {
        guard entry.event != .deleted else { return nil }
        if let known = paths[entry.sequence] { return ImageURI(known) }
        if let known = past[entry.sequence] { return known }
        let image = try PastImage.open(entry.file, at: entry.sequence, of: root, in: work.path)
        guard image.snapshot.sequence == entry.sequence else {
            throw RepositoryError.noSnapshot(entry.file, at: entry.sequence)
        }
        let uri = try pastImages.add(image, as: work.path.appending("past-\(entry.sequence)"))
        past[entry.sequence] = uri
        return uri
    }

    /// An image of a replay, for SQLite. It takes the place of the one that had the name.
    func readable(_ image: PastImage, named name: String) throws -> ImageURI {
        try pastImages.add(image, as: path(named: name))
    }

    /// If an image could not be read, what is wrong with it is thrown in place of SQLite's error.
    package func explaining<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw pastImages.failure ?? error }
    }

    /// Frees the space of a snapshot's image.
    func discard(_ entry: SnapshotIndex.Entry) {
        guard let path = paths.removeValue(forKey: entry.sequence) else { return }
        try? Directory.remove(path)
    }

    var directory: FilePath { work.path }

    /// A path in the same directory, for files derived from an image.
    package func path(named name: String) -> FilePath { directory.appending(name) }
}

extension ImageRebuilder {
    /// Makes the image of one file.
    @discardableResult
    func rebuild(_ file: FileID, at sequence: SequenceNumber, to path: FilePath) throws -> SnapshotState {
        guard let state = try rebuildAll([file: path], at: sequence)[file]?.get() else {
            throw RepositoryError.noSnapshot(file, at: sequence)
        }
        return state
    }
}
