import History
import LinuxSystem
import RepositoryFormat

extension DrillRecord {
    /// When it was, and how it ended.
    var resultText: String { "\(time.localText(in: .system)), \(result)" }

    private var result: String { problem.map { "failed: \($0)" } ?? "all was right" }

    /// A line for people.
    var text: String {
        "\(time.localText(in: .system))  drill of snapshot \(sequence): "
            + "\(Quantity.text(files, "file")), among them \(Quantity.text(databases, "database")), "
            + "\(Quantity.text(bytes: bytes)) in \(Quantity.text(elapsed)); \(result)"
    }
}
