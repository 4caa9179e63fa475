import ArgumentParser
import Foundation
import Testing

@testable import holdfast

/// Types every command of the README's session in an empty project, and compares what it prints.
@Suite("The README")
struct ReadmeTests {
    @Test("has a session that does what it says")
    func session() throws {
        let sections = ConsolePage("README.md").sections
        #expect(sections.map(\.title) == ["A session"])
        try #require(sections.first).run(in: EmptyProject(), isWatched: false)
    }

    @Test("has commands for a service that can be typed")
    func service() throws {
        let page = ConsolePage.text(of: "README.md")
        let section = try #require(page.components(separatedBy: "## Leave it running\n").last)
        let commands = section.split(separator: "\n")
            .prefix { !$0.hasPrefix("## ") }.filter { $0.hasPrefix("holdfast ") }
        #expect(commands.count == 5)
        for command in commands {
            let line = command.prefix { $0 != "#" }
            let words = try HelpTests.words(String(line))
            _ = try Holdfast.parseAsRoot(Array(words.dropFirst()))
        }
    }
}
