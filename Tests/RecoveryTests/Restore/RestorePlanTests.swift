import SystemPackage
import Testing

@testable import History
@testable import Recovery
@testable import RepositoryFormat

@Suite struct RestorePlanTests {
    @Test("plans every file that existed at that moment, and none that was gone or not there yet")
    func root() throws {
        let index = SnapshotIndex.madeUp([
            .named(1, "a.db"), .named(2, "sub/deep/b", .plain), .named(3, "gone.db"), .named(4, "later.db"),
            .at(1, 1), .at(2, 2, of: 2), .at(3, 3, of: 3), .at(4, 4, of: 3, .deleted), .at(5, 5, of: 4),
        ])
        let plan = RestorePlan(index, root: index.entries[3], to: "/out")
        #expect(plan.items.map(plan.destination(of:)) == ["/out/a.db", "/out/sub/deep/b"])
        #expect(plan.items.map(\.entry.sequence.rawValue) == [1, 2])
        #expect(plan.items.map(\.kind) == [.database, .plain])
        #expect(plan.refused.isEmpty && plan.isDirectory)
        #expect(RestorePlan(index, root: index.entries[2], to: "/out").items.count == 3)
    }

    @Test("refuses names that would lead out of the destination")
    func traversal() {
        let names = ["/etc/passwd", "../x", "a/../../x", "..", ".", "a/./b", ""]
        for name in names {
            #expect(!FilePath(name).leadsBelow, "\(name)")
        }
        #expect(FilePath("a/..b/c").leadsBelow)

        let index = SnapshotIndex.madeUp([
            .named(1, "../evil"), .named(2, "good"), .at(1, 1), .at(2, 2, of: 2),
        ])
        let plan = RestorePlan(index, root: index.entries[1], to: "/out")
        #expect(plan.items.map(plan.destination(of:)) == ["/out/good"])
        #expect(plan.refused == ["../evil"])
    }

    @Test("says which snapshot was the last one when the file was deleted by then")
    func deleted() throws {
        let index = SnapshotIndex.madeUp([
            .named(1, "a.db"), .at(1, 1), .at(2, 2), .at(3, 3, .deleted), .at(4, 4, .created),
        ])
        let error = #expect(throws: RestoreError.self) {
            try RestorePlan(index, file: index.entries[2], to: "/out")
        }
        #expect(
            error?.description.contains("deleted at snapshot 3; the last one before that is --at 2") == true
        )
        let plan = try RestorePlan(index, file: index.entries[3], to: "/out")
        #expect(plan.items.map(\.path) == ["/data/a.db"])
    }
}
