import RepositoryFormat
import Testing

@testable import Capture

@Suite("The order of work on a file")
struct ProcessStageTests {
    /// Every stage from the first on. `kinds`: what the file is after the first stage, the second, and so on;
    /// the last one stays.
    private func order(_ kinds: [FileKind]) -> [ProcessStage] {
        var order = [ProcessStage.name]
        while let next = order[order.count - 1].next(kinds[min(order.count, kinds.count) - 1]) {
            order.append(next)
        }
        return order
    }

    @Test("what ended in rollback mode comes before the log, and a scan after both")
    func database() {
        #expect(order([.database]) == [.name, .database, .log, .scan, .rest])
    }

    @Test("a file that is no database has no log")
    func plain() {
        #expect(order([.plain]) == [.name, .plain, .scan, .rest])
    }

    @Test("a file that becomes another kind amid the work goes its way to the end")
    func changedKind() {
        #expect(order([.database, .plain]) == [.name, .database, .log, .scan, .rest])
        #expect(order([.plain, .database]) == [.name, .plain, .scan, .rest])
    }
}
