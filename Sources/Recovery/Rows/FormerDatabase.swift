package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// A database at the snapshot that has the rows: where to get those that cannot be restored.
package struct FormerDatabase: Hashable, Sendable {
    let path: FilePath
    let sequence: SequenceNumber

    package init(_ path: FilePath, at sequence: SequenceNumber) {
        (self.path, self.sequence) = (path, sequence)
    }

    /// The command that shows rows of a table.
    func rows(of table: String, where condition: String = "1") -> SuggestedCommand {
        let filter = condition == "1" ? "" : " WHERE \(condition)"
        return SuggestedCommand(
            "query",
            "SELECT * FROM \(table.sqlName)\(filter)",
            path,
            "--at",
            "\(sequence)"
        )
    }

    /// The command that makes a copy of it.
    ///
    /// - Parameter options: further words of the command.
    package func copy(_ options: [any SuggestedWord] = []) -> SuggestedCommand {
        let words: [any SuggestedWord] = ["restore", path, "--at", "\(sequence)", "--output", "FILE"]
        return SuggestedCommand(words + options)
    }
}
