import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import Synchronization
import SystemPackage

/// Where a command speaks: results on the standard output, messages on the standard error.
final class Console: Sendable {
    let isJSON: Bool
    let isQuiet: Bool
    let isVerbose: Bool
    let style: Style
    /// The terminal of the standard output, if it is one.
    let terminal: TerminalSize?
    private let sink = Mutex(Sink())

    /// Where results go.
    private struct Sink: ~Copyable {
        var output = StandardOutput()
        /// The pager for the result; it starts with the result.
        var pagerCommand: String?
        var pager: PagerProcess?
    }

    init(_ options: GlobalOptions) {
        isJSON = options.json
        isQuiet = options.quiet
        isVerbose = options.verbose
        style = Style(isEnabled: !options.json && Style.isWanted(on: 1))
        terminal = TerminalSize(of: 1)
    }

    /// A result: for programs with `--json`, else for people unless they want it quiet.
    ///
    /// - Parameter wraps: no line is wider than the terminal.
    func result(
        json: @autoclosure () -> some JSONLine,
        text: @autoclosure () -> String,
        wraps: Bool = true
    ) throws {
        if isJSON {
            try write(Array(json().json.utf8))
        } else if !isQuiet {
            try write(shown(text(), wraps))
        }
    }

    private func shown(_ text: String, _ wraps: Bool) -> [UInt8] {
        guard wraps, let terminal else { return Array(text.utf8) }
        return Array(text.wrapped(to: terminal.columns).utf8)
    }

    /// A result for people and other programs, which need not be text.
    func result(bytes: [UInt8]) throws {
        if !isQuiet { try write(bytes) }
    }

    /// Something for people only, which they see at once.
    func text(_ text: String, wraps: Bool = true) throws {
        guard !isJSON, !isQuiet else { return }
        try write(shown(text, wraps))
        try flush()
    }

    /// Writes the results that are still held back.
    func flush() throws {
        try TerminalLine.cleared { try sink.withLock { try $0.output.flush() } }
    }

    private func write(_ line: [UInt8]) throws {
        // The pager takes the standard error as well: the line there is cleared before it starts.
        try TerminalLine.cleared {
            try sink.withLock { sink in
                if let command = sink.pagerCommand, sink.pager == nil { sink.pager = try start(command) }
                try sink.output.line(line)
            }
        }
    }

    /// How far the work is, for programs, unless `isOver` says that it has ended. A closed reader is noticed
    /// by the work itself.
    func progress(_ line: ProgressLine, unless isOver: () -> Bool) {
        sink.withLock { sink in
            guard !isOver(), (try? sink.output.line(line.json)) != nil else { return }
            try? sink.output.flush()
        }
    }

    /// Returns when no line about progress is being written.
    func waitForProgress() { sink.withLock { _ in } }

    /// Something worth knowing while the command works.
    func message(_ text: String) {
        if !isQuiet { Self.say(text) }
    }

    /// Something that is only worth knowing for those who ask.
    func detail(_ text: String) {
        if isVerbose { Self.say(text) }
    }

    /// Something that went wrong.
    func warning(_ text: String) { Self.say(text) }

    /// Files were left out, for nobody knows what was in them.
    func warn(unseen names: [FilePath], in root: RootDescription, at sequence: SequenceNumber) {
        for name in names {
            let path = root.path(of: name)
            warning(
                "\(path.printable) was left out: it had no snapshot yet at snapshot \(sequence), and may have been there: "
                    + "see \(SuggestedCommand("log", path))"
            )
        }
    }

    /// A root cannot be used, or only by the copy of its description.
    static func warn(of root: RootList.Damaged) {
        let finding = root.finding
        let advice = root.isDamage ? ": run \(SuggestedCommand("repair"))" : ""
        say("\(finding.file.printable): \(finding.message)\(advice)")
    }

    /// One line on the standard error, whatever is in a name or in what SQLite said.
    ///
    /// - Parameter details: parts of it that come from within a database or a configuration.
    static func say(_ text: String, details: [String] = []) {
        let line = oneLine(text)
        RecentMessages.add(line, details: details.map(oneLine))
        TerminalLine.cleared { StandardStream.error.write("\(prefix)\(line)\n") }
    }

    /// Of each line that is said.
    static let prefix = "holdfast: "

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ").printable
    }
}

// The pager.
extension Console {
    /// On a terminal, what follows is shown page by page. The pager starts with the first line of the result.
    func page(_ option: PagerOption) {
        guard terminal != nil, !option.noPager else { return }
        let command = PagerOption.command(CurrentProcess.variable)
        sink.withLock { $0.pagerCommand = command }
    }

    private func start(_ command: String) throws -> PagerProcess {
        try PagerProcess(command, environment: PagerOption.environment) { status in
            // The user has seen enough. The command may be in the middle of long work without a result.
            UnfinishedWork.abandonAll {
                let failure = Self.failure(ofPager: command, status)
                if let failure { Self.say(failure.message) }
                CurrentProcess.exit((failure?.status ?? .done).rawValue)
            }
        }
    }

    /// Shows all that is left of the output of a command, and waits until the pager ends. Returns the status
    /// of the command.
    func end(_ result: Result<ExitStatus, any Error>) throws -> ExitStatus {
        // What was found before something went wrong is shown first.
        let flushed = Result { try flush() }
        let (pager, pagerCommand) = sink.withLock { ($0.pager, $0.pagerCommand) }
        guard let pager, let pagerCommand else {
            try flushed.get()
            return try result.get()
        }
        if let failure = Self.failure(ofPager: pagerCommand, pager.end()) { throw failure }
        do {
            try flushed.get()
            return try result.get()
        } catch let error as SystemError where error.isBrokenPipe {
            // The pager ended before the result did.
            return .done
        }
    }

    /// The shell's statuses for a program that it cannot run.
    private static func failure(ofPager command: String, _ status: Int32) -> Failure? {
        guard [126, 127].contains(status) else { return nil }
        let advice = "set HOLDFAST_PAGER, or say --no-pager"
        return Failure(.failed, "the pager \(command.printable) cannot be run: \(advice)")
    }
}

/// Colours, if the terminal shows them and the user wants them (no-color.org).
struct Style {
    let isEnabled: Bool

    static func isWanted(on descriptor: Int32) -> Bool {
        CurrentProcess.isTerminal(descriptor) && CurrentProcess.environment("NO_COLOR") == nil
            && CurrentProcess.environment("TERM") != "dumb"
    }

    func bold(_ text: String) -> String { wrap(text, "1") }
    func red(_ text: String) -> String { wrap(text, "31") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }

    private func wrap(_ text: String, _ code: String) -> String {
        isEnabled ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}

extension SnapshotIndex.Entry {
    /// The snapshot and its time.
    var text: String { "\(sequence) (\(time.pasteableText), \(time.ageText(now: .now)))" }
}

extension Instant {
    /// Local time with all digits, which a WHEN takes back as this very moment. The offset from UTC is added
    /// in the hour that a clock shows twice.
    var pasteableText: String {
        let full = rfc3339(in: .system)
        let calendar = LocalCalendar.system
        let local = localText(in: calendar) + "." + nanosecond.magnitude.padded(to: 9)
        guard calendar.instants(of: calendar.civilTime(at: self)) != [self] else { return local }
        return local + full.suffix(6)
    }
}
