import ArgumentParser
import History
import RepositoryReader

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
        guard try Target.isNamed(by: word, in: repository) else { return false }
        let target = try Target(word, in: repository)
        guard let name = target.name else { return true }
        let index = try SnapshotIndex(target.root)
        guard case .file(let file)? = index.scope(of: name) else { return false }
        return index.filesThatWereDatabases.contains(file)
    }
}
