import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import holdfast

/// What the help of each command has.
@Suite struct HelpTests {
    /// A command with the names that lead to it.
    struct Page: CustomTestStringConvertible {
        let names: [String]
        let type: any ParsableCommand.Type

        var testDescription: String { names.joined(separator: " ") }

        /// Of this command and all below it, apart from those that other programs start.
        static func all(
            _ names: [String] = ["holdfast"],
            _ type: any ParsableCommand.Type = Holdfast.self
        ) -> [Page] {
            [Page(names: names, type: type)]
                + type.configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap {
                    all(names + [$0._commandName], $0)
                }
        }
    }

    @Test("names its exit statuses", arguments: Page.all())
    func exitStatuses(_ page: Page) throws {
        let help = try HoldfastProgram.run(["help"] + page.names.dropFirst()).stdout
        #expect(help.contains("\n\nExit status: "), "\(help)")
        #expect(page.type.configuration.discussion.contains(/Exit status: (0 |that of )/))
    }

    @Test("has two examples, which are commands of it that can be typed", arguments: Page.all())
    func examples(_ page: Page) throws {
        let help = try HoldfastProgram.run(["help"] + page.names.dropFirst()).stdout
        let lines = help.components(separatedBy: "\n")
        let heading = try #require(lines.firstIndex(of: "Examples:"), "\(help)")
        let examples = lines[(heading + 1)...].prefix { $0.hasPrefix("  holdfast ") }
        #expect(examples.count == 2, "\(help)")
        for example in examples {
            let words = try Self.words(example)
            let arguments = GlobalOptions.spellingTimes(
                GlobalOptions.behindSubcommand(Array(words.dropFirst()))
            )
            do {
                let command = try Holdfast.parseAsRoot(arguments)
                let isOfPage = Page.all(page.names, page.type).contains { $0.type == type(of: command) }
                #expect(isOfPage, "\(example)")
            } catch {
                // Asking for the version ends the parser as an error does.
                #expect(
                    Holdfast.exitCode(for: error) == .success,
                    "\(example): \(Holdfast.message(for: error))"
                )
            }
        }
    }

    /// The words of a command line, as a shell has them.
    static func words(_ line: String) throws -> [String] {
        let result = try Command.run("sh", ["-fc", "printf '%s\\n' \(line)"])
        return result.stdout.split(separator: "\n").map(String.init)
    }
}
