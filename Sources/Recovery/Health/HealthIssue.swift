package import History
import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// A database whose last verdict is bad.
package struct HealthIssue: Sendable {
    package let path: FilePath
    /// The first snapshot with a bad verdict.
    package let since: SequenceNumber
    package let lastGood: SequenceNumber?

    package init(path: FilePath, since: SequenceNumber, lastGood: SequenceNumber?) {
        self.path = path
        self.since = since
        self.lastGood = lastGood
    }
}

extension HealthIssue: CustomStringConvertible {
    package var description: String {
        let good = lastGood.map { "the last good one is \($0)" } ?? "none was found good before"
        return "\(path.printable) is damaged since snapshot \(since); \(good)"
    }
}

extension SnapshotIndex {
    package func healthIssues(in scope: HistoryScope) -> [HealthIssue] {
        filesThatWereDatabases.filter { scope == .root || scope == .file($0) }.compactMap { file in
            let judged = entries(in: .file(file)).filter { verdicts[$0.sequence] != nil }
            let lastGood = judged.lastIndex { verdicts[$0.sequence] == true }
            guard let bad = judged[(lastGood.map { $0 + 1 } ?? 0)...].first else { return nil }
            return HealthIssue(
                path: path(of: file, at: bad.sequence),
                since: bad.sequence,
                lastGood: lastGood.map { judged[$0].sequence }
            )
        }
    }
}
