import Foundation
import TestSupport
import Testing

/// Types every command of docs/RECOVERY.md, section by section, each in a fresh project, and compares what it
/// prints.
@Suite("The recovery guide", .serialized)
struct RecoveryGuideTests {
    struct Section: CustomStringConvertible, Sendable {
        var title = ""
        /// Each command, and the lines that the guide says it prints.
        var commands: [(command: String, output: [String])] = []
        var description: String { title }
    }

    static let guide: [Section] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../docs/RECOVERY.md").standardizedFileURL
        let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        var sections = [Section()]
        var isInBlock = false
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("## "), !isInBlock {
                sections.append(Section(title: String(line.dropFirst(3))))
            } else if line.hasPrefix("```") {
                isInBlock = line == "```console"
            } else if isInBlock, line.hasPrefix("$ ") {
                sections[sections.count - 1].commands.append((String(line.dropFirst(2)), []))
            } else if isInBlock, var last = sections[sections.count - 1].commands.popLast() {
                last.output.append(line)
                sections[sections.count - 1].commands.append(last)
            }
        }
        return sections.filter { !$0.commands.isEmpty }
    }()

    @Test("has a section for each accident")
    func sections() {
        #expect(Self.guide.count >= 11)
    }

    @Test("does what it says", arguments: guide)
    func section(_ section: Section) throws {
        let team = try DevTeam()
        try team.watch()
        try team.shell("mkdir ../bin; ln -s '\(HoldfastProgram.path)' ../bin/holdfast")
        for (command, expected) in section.commands {
            let output = try team.shell("PATH=../bin:$PATH; export PATH\n\(command)", mergingErrors: true)
            let lines = output.replacingOccurrences(of: team.folder.path, with: "/home/me").split(
                separator: "\n"
            )
            #expect(
                lines.map { Self.plain(String($0)) } == expected.filter { !$0.isEmpty }.map(Self.plain),
                "\(command)"
            )
            try team.holdfast("sync")
        }
    }

    /// Without what is another one each time: times, sizes, numbers of snapshots and processes.
    private static func plain(_ line: String) -> String {
        var line = line
        for (pattern, name) in [
            (#"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?"#, "TIME"), (#"\d{8}-\d{6}"#, "STAMP"),
            (#"\bnow\b|\d+ (s|min|h) ago"#, "AGE"), (#"\d+(\.\d)? (µs|ms|s|min)\b"#, "SPAN"),
            (#"\b[0-9a-f]{16}\b"#, "DIGEST"), (#"\d+(\.\d+)? (B|KiB|MiB)\b"#, "SIZE"), (#"pid \d+"#, "PID"),
            (#"snapshot,? \d+"#, "SNAPSHOT"), (#"^ *\d+(  |$)"#, "NUMBER"),
            (#"(to|:) \d+ \(TIME"#, "$1 NUMBER (TIME"),
            (#"\d+ (single commits|coalesced|audits|rescans)"#, "COUNT $1"),
        ] {
            line = line.replacingOccurrences(of: pattern, with: name, options: .regularExpression)
        }
        return line
    }
}
