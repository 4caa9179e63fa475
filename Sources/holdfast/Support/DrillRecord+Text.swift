import History
import LinuxSystem
import RepositoryFormat

extension DrillRecord {
    /// When it was, and how it ended.
    var resultText: String { "\(time.localText(in: .system)), \(result)" }

    private var result: String {
        if let problem { return "failed: \(problem.printable)" }
        guard let unchecked else { return "all was right" }
        return "all that could be checked was right, but not all could be (\(unchecked.printable))"
    }

    /// A line for people.
    var text: String {
        "\(time.localText(in: .system))  drill of snapshot \(sequence): "
            + "\(Quantity.text(files, "file")), among them \(Quantity.text(databases, "database")), "
            + "\(Quantity.text(bytes: bytes)) in \(Quantity.text(elapsed)); \(result)"
    }
}
