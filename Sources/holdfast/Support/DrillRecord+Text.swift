import History
import LinuxSystem
import RepositoryFormat

extension DrillRecord {
    /// A line for people.
    var text: String {
        let result = problem.map { "failed: \($0)" } ?? "all was right"
        return
            "\(time.localText(in: .system))  drill of snapshot \(sequence): "
            + "\(Quantity.text(files, "file")), among them \(Quantity.text(databases, "database")), "
            + "\(Quantity.text(bytes: bytes)) in \(Quantity.text(elapsed)); \(result)"
    }
}
