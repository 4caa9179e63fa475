import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// A database as it was at a WHEN, for looking at.
struct HistoricalDatabase {
    let entry: SnapshotIndex.Entry
    /// The database's own path.
    let path: FilePath
    /// Has the image as long as it lives.
    private let images: HistoricalImages

    init(_ chosen: ChosenSnapshot) throws {
        entry = try Self.entry(chosen)
        path = chosen.index.path(of: entry.file, at: entry.sequence)
        images = try HistoricalImages(chosen.target.root)
    }

    /// Rebuilds it. The file is there as long as this value.
    func file() throws -> FilePath { try present(images.image(entry)) }

    /// Calls `body` with the database, of which only what is needed is read.
    func read<Value>(_ body: (ImageDatabase) throws -> Value) throws -> Value {
        let image = try present(images.readable(entry))
        return try images.explaining { try body(ImageDatabase(image)) }
    }

    private func present<Image>(_ image: Image?) throws -> Image {
        guard let image else { throw RepositoryError.noSnapshot(entry.file, at: entry.sequence) }
        return image
    }

    /// The snapshot of the database that is meant: of several, one must be named. Throws `Failure`.
    ///
    /// - Parameter mayBeGone: it need not exist at that moment, and a file that is named need not be a
    ///   database.
    static func entry(_ chosen: ChosenSnapshot, mayBeGone: Bool = false) throws -> SnapshotIndex.Entry {
        if mayBeGone, chosen.scope != .root { return chosen.entry }
        let index = chosen.index
        let candidates = index.state(at: chosen.entry.sequence).filter { entry in
            (chosen.scope == .root || chosen.scope == .file(entry.file))
                && (mayBeGone || entry.event != .deleted)
                && index.declaration(of: entry.file, at: entry.sequence)?.kind == .database
        }
        let meant = try index.meantDatabase(among: candidates.map(\.file), at: chosen.entry.sequence)
        guard let entry = candidates.first(where: { $0.file == meant }) else {
            throw Failure(
                .notFound,
                "\(chosen.target.path.printable) had no database at snapshot \(chosen.entry.sequence): see "
                    + "\(SuggestedCommand("log", chosen.target.path))"
            )
        }
        return entry
    }
}
