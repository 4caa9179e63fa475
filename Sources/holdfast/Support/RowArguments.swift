import ArgumentParser
import History
import LinuxSystem
import RepositoryReader
import SystemPackage

/// What `rows` is told of rows: their keys, and the PATH that may follow them or in `--path`.
struct RowArguments {
    let keys: [String]
    let path: String?

    /// - Parameter areKeys: else there is nothing but a PATH, for a condition says which rows.
    ///
    /// After at least one key, the last word is a PATH if and only if it names a root, or a database of one.
    init(_ words: [String], areKeys: Bool, path: String?, in repository: RepositoryDirectory) throws {
        guard path == nil, let last = words.last else {
            (keys, self.path) = (words, path)
            return
        }
        let isPath = try !areKeys || (words.count > 1 && Self.isDatabase(last, in: repository))
        keys = isPath ? words.dropLast() : words
        self.path = isPath ? last : nil
    }

    private static func isDatabase(_ word: String, in repository: RepositoryDirectory) throws -> Bool {
        // Where nobody can tell, as in a directory that is gone, it is a key.
        guard !word.isEmpty, let match = try? repository.root(for: FilePath(argument: word)) else {
            return false
        }
        guard let name = match.name else { return true }
        let index = try SnapshotIndex(match.root)
        guard case .file(let file)? = index.scope(of: name) else { return false }
        return index.filesThatWereDatabases.contains(file)
    }
}
