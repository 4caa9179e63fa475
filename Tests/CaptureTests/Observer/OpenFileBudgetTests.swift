import Testing

@testable import Capture

@Suite("The budget of open files")
struct OpenFileBudgetTests {
    @Test("leaves room for what must be opened at once", arguments: [256, 1024, 20_000, 1 << 30])
    func fits(limit: Int) {
        let budget = OpenFileBudget(openFiles: limit)
        #expect(2 * budget.scans + 2 * budget.logs + 128 <= limit)
        #expect(budget.scans >= 16 && budget.logs >= 48)
    }

    @Test("a limit that is too low for anything still lets the work go on", arguments: [0, 64, 130])
    func tooLow(limit: Int) {
        let budget = OpenFileBudget(openFiles: limit)
        #expect(budget.scans >= 1 && budget.logs >= 1)
    }
}
