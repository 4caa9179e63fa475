import RepositoryFormat
import SystemPackage

/// Every file that was ever declared, by number and by name.
struct DeclaredFiles {
    enum Declaration: Hashable {
        /// It is declared like that already.
        case known(FileID)
        /// It has another kind from now on.
        case changed(FileID)
        case new(FileID)
    }

    private(set) var files: [FileID: ProtectedFile]
    private var names: [FilePath: FileID] = [:]
    /// The highest number that a file has.
    private var last: FileID

    init(_ files: [FileID: ProtectedFile] = [:]) {
        self.files = files
        last = files.keys.max() ?? .root
        for file in files.values { names[file.name] = file.id }
    }

    /// Gives the name a number, or the number's file another kind.
    mutating func declare(_ name: FilePath, _ kind: FileKind) -> Declaration {
        guard let known = names[name] else {
            last = last.next
            names[name] = last
            files[last] = ProtectedFile(id: last, name: name, kind: kind, last: nil)
            return .new(last)
        }
        guard files[known]!.kind != kind else { return .known(known) }
        files[known]!.kind = kind
        return .changed(known)
    }

    /// Sets the file's last snapshot; nil when none is known any more.
    mutating func setLast(_ state: SnapshotState?, of file: FileID) { files[file]!.last = state }
}
