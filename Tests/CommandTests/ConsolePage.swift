import Foundation
import TestSupport
import Testing

/// The console blocks of a page of the documentation, section by section.
struct ConsolePage: Sendable {
    struct Section: CustomStringConvertible, Sendable {
        var title = ""
        /// Each command, and the lines that the page says it prints.
        var commands: [(command: String, output: [String])] = []
        var description: String { title }
    }

    /// Only sections with a command.
    let sections: [Section]

    /// The text of a page; empty if it is not there.
    static func text(of name: String) -> String {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../\(name)").standardizedFileURL
        return (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    }

    /// - Parameter name: the page's path within the repository of the source. A page that is not there has
    ///   no sections.
    init(_ name: String) {
        let text = Self.text(of: name)
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
        self.sections = sections.filter { !$0.commands.isEmpty }
    }
}

extension ConsolePage.Section {
    /// Runs its commands in turn, and compares what each prints. Beside a watcher, a command begins
    /// after the changes of the one before it are captured.
    ///
    /// A command that ends in `&` is a watcher. It runs until the last command is done.
    ///
    /// - Parameter isWatched: whether a watcher runs before the first command.
    func run(in project: some Project, isWatched: Bool) throws {
        try project.shell("mkdir ../bin; ln -s '\(HoldfastProgram.path)' ../bin/holdfast")
        var started: [RunningProgram] = []
        defer { for program in started { program.kill() } }
        for (command, page) in commands {
            let expected = page.filter { !$0.isEmpty }
            let output: String
            if command.hasSuffix(" &") {
                // With `exec` it is the program itself that is killed, and not a shell that leaves it behind.
                let script = Self.setUp + "exec >&2\nexec \(command.dropLast(2))"
                let program = try project.startShell(script)
                started.append(program)
                try program.waitForError(count: max(expected.count, 1)) { !$0.isEmpty }
                output = program.stderr
            } else {
                output = try project.shell(Self.setUp + command, mergingErrors: true)
            }
            let lines = output.replacingOccurrences(of: project.folder.path, with: "/home/me").split(
                separator: "\n"
            ).filter { !Self.isOfHealthCheck($0) }
            #expect(lines.map { Self.plain(String($0)) } == expected.map(Self.plain), "\(command)")
            if isWatched || !started.isEmpty { try project.holdfast("sync") }
        }
    }

    /// It comes if the machine is so slow that the database was quiet for long enough.
    private static func isOfHealthCheck(_ line: Substring) -> Bool { line.hasPrefix("  last found good:") }

    private static let setUp = "PATH=../bin:$PATH; export PATH\n"

    /// Replaces what differs from run to run: times, sizes, numbers of snapshots and processes, and the
    /// padding of their columns.
    private static func plain(_ line: String) -> String {
        var line = line
        for (pattern, name) in [
            (#"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?"#, "TIME"), (#"\d{8}-\d{6}"#, "STAMP"),
            (#"\bnow\b|\d+ (s|min|h) ago"#, "AGE"), (#"\d+(\.\d)? (µs|ms|s|min)\b"#, "SPAN"),
            (#"\b[0-9a-f]{16}\b"#, "DIGEST"), (#"\d+(\.\d+)? (B|KiB|MiB|GiB|TiB)\b"#, "SIZE"),
            (#"full in \d+ \w+"#, "full in LONG"), (#"pid \d+"#, "PID"),
            (#"snapshot,? \d+"#, "SNAPSHOT"), (#"^ *\d+(  |$)"#, "NUMBER"),
            (#"(to|:) \d+ \(TIME"#, "$1 NUMBER (TIME"),
            (#"\d+ (commits? one by one|more within|audits|rescans)"#, "COUNT $1"),
            // A health check, if the machine is so slow that the database was quiet for long enough.
            (#"SIZE  good\b"#, "SIZE"),
            (#"(?<=\S) {2,}"#, "  "),
        ] {
            line = line.replacingOccurrences(of: pattern, with: name, options: .regularExpression)
        }
        return line
    }
}
