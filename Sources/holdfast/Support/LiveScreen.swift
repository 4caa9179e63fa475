import LinuxSystem

/// A terminal that shows the same anew each second, until the command is interrupted.
struct LiveScreen {
    /// What is on it now.
    var lines: [String] = []
    private let terminal: TerminalSize

    private static let pause = Duration.seconds(1)
    /// ECMA-48: the cursor to the first place; erase to the end of the line; erase to the end of the screen.
    private static let (home, endOfLine, endOfScreen) = ("\u{1b}[H", "\u{1b}[K", "\u{1b}[J")
    /// The other screen of the terminal, so that what was there before comes back (xterm, 1049).
    private static let (enter, leave) = ("\u{1b}[?1049h\u{1b}[?25l", "\u{1b}[?25h\u{1b}[?1049l")

    init(_ terminal: TerminalSize) { self.terminal = terminal }

    /// `update` sets the lines. Returns when a signal asks for the end.
    func run(_ update: (inout LiveScreen) throws -> Void) throws -> ExitStatus {
        let end = try WakeupPipe()
        try StopSignal.onFirst { end.signal() }
        StandardStream.output.write(Self.enter)
        defer { StandardStream.output.write(Self.leave) }
        var screen = self
        repeat {
            try update(&screen)
            StandardStream.output.write(screen.text)
        } while !end.wait(Self.pause)
        return .done
    }

    private var text: String {
        let size = TerminalSize(of: 1) ?? terminal
        let text = lines.joined(separator: "\n").wrapped(to: size.columns)
        let shown = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(size.rows - 1)
        return Self.home + shown.map { "\($0)\(Self.endOfLine)\n" }.joined() + Self.endOfScreen
    }
}
