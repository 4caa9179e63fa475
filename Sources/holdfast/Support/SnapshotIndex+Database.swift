import History
import LinuxSystem
import RepositoryFormat
import SystemPackage

extension SnapshotIndex {
    /// Of a root's databases, the one that is meant by who names none; nil when there is none.
    ///
    /// It is the first of these that is one: the only database; the only one at the top of the root; the only
    /// one there whose name is not that of a copy (`isCopy`). Throws `Failure` when it is none of them.
    func meantDatabase(among files: [FileID], at sequence: SequenceNumber) throws -> FileID? {
        guard files.count > 1 else { return files.first }
        let names = files.map { ($0, declaration(of: $0, at: sequence)?.name ?? "") }
        let top = names.filter { $0.1.components.count == 1 }
        let originals = top.filter { one in !top.contains { one.1.isCopy(of: $0.1) } }
        for choice in [top, originals] where choice.count == 1 { return choice[0].0 }
        let paths = files.map { path(of: $0, at: sequence).printable }
        throw Failure(.wrongUsage, "which database? Name one of \(paths.joined(separator: ", "))")
    }
}

extension FilePath {
    /// Whether it is called as people and programs call a copy that they put beside a database: `x.db.bak`,
    /// `x.db-2026`, and `x.bak` beside `x.db`.
    fileprivate func isCopy(of original: FilePath) -> Bool {
        let (name, rest) = (string, string.dropFirst(original.string.count))
        if name.hasPrefix(original.string), let next = rest.first { return ".-_~ ".contains(next) }
        return self != original && stem == original.stem
            && ["bak", "old", "orig", "backup", "copy", "save"].contains(self.extension?.lowercased())
    }
}
