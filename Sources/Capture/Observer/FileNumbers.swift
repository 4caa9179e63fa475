import RepositoryFormat
import SystemPackage

/// The numbers under which the repository has files. A file that is gone, excluded or part of a database now
/// keeps its number, should it be tracked again.
struct FileNumbers {
    private var next: FileID
    private var released: [FilePath: (file: FileID, kind: FileKind)] = [:]

    /// `last`: the highest that the repository has.
    init(after last: FileID?) {
        next = (last ?? .root).next
    }

    /// The file has no tracker any more.
    mutating func release(_ name: FilePath, _ file: FileID, _ kind: FileKind) {
        released[name] = (file, kind)
    }

    /// The number of a file that gets a tracker. `isNew`: the repository does not know it yet.
    mutating func take(_ name: FilePath) -> (file: FileID, kind: FileKind, isNew: Bool) {
        if let known = released.removeValue(forKey: name) { return (known.file, known.kind, false) }
        defer { next = next.next }
        return (next, .plain, true)
    }
}
