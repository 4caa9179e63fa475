import Testing

/// Types every command of docs/RECOVERY.md, section by section, each in a fresh project, and compares what it
/// prints.
@Suite("The recovery guide", .serialized)
struct RecoveryGuideTests {
    static let guide = ConsolePage("docs/RECOVERY.md").sections

    @Test("has a section for each accident")
    func sections() {
        #expect(Self.guide.count >= 11)
    }

    @Test("does what it says", arguments: guide)
    func section(_ section: ConsolePage.Section) throws {
        let team = try DevTeam()
        try team.watch()
        try section.run(in: team, isWatched: true)
    }
}
