import Testing

@testable import LinuxSystem

@Suite struct SimilarNameTests {
    @Test(
        "counts inserted, removed, replaced and exchanged letters",
        arguments: [
            ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("log", "lgo", 1),
            ("migration", "migratoin", 1), ("ca", "abc", 3), ("größe", "grösse", 2),
        ]
    )
    func distance(_ one: String, _ other: String, _ distance: Int) {
        #expect(one.editDistance(to: other) == distance)
        #expect(other.editDistance(to: one) == distance)
    }

    @Test("finds the nearest of several, the first of those that are as near")
    func nearest() {
        #expect(["sync", "status", "stats"].nearest(to: "stat") == "stats")
        #expect(["stats", "status"].nearest(to: "statu") == "stats")
        #expect(["log", "ls"].nearest(to: "lgo") == "log")
        #expect(["Sessions"].nearest(to: "sessions") == "Sessions")
        #expect(["in-place-options"].nearest(to: "in-place") == "in-place-options")
    }

    @Test(
        "finds none when too much differs",
        arguments: [("frobnicate", ["log", "restore"]), ("a", ["b"]), ("log", ["tag"]), ("tag", [])]
    )
    func none(_ typed: String, _ names: [String]) {
        #expect(names.nearest(to: typed) == nil)
    }
}
