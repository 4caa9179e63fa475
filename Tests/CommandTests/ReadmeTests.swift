import Testing

/// Types every command of the README's session in an empty project, and compares what it prints.
@Suite("The README")
struct ReadmeTests {
    @Test("has a session that does what it says")
    func session() throws {
        let sections = ConsolePage("README.md").sections
        #expect(sections.map(\.title) == ["A session"])
        try #require(sections.first).run(in: EmptyProject(), isWatched: false)
    }
}
