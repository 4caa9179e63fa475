import LinuxSystem
import Synchronization

/// The last line of the terminal on the standard error, where progress is drawn. All other output clears it
/// first, and it is not drawn while others write.
///
/// The lock is held only to draw and to clear. A writer that waits for a slow reader hinders no message.
enum TerminalLine {
    private struct State {
        var isDrawn = false
        var writers = 0
    }

    private static let state = Mutex(State())
    private static let clearing = "\r\u{1b}[K"

    /// Whether such a line can be drawn.
    static var isAvailable: Bool {
        CurrentProcess.isTerminal(2) && CurrentProcess.environment("TERM") != "dumb"
    }

    /// The most columns that a line may have. In the last one of a terminal, some begin a new line.
    static var columns: Int { min(80, TerminalSize(of: 2)?.columns ?? 80) - 1 }

    /// Replaces what is drawn, unless others write, or `isOver` says that nothing is to be drawn any more. In
    /// the background nothing is drawn: the shell's prompt is there.
    static func draw(_ text: String, unless isOver: () -> Bool) {
        state.withLock { state in
            guard state.writers == 0, !isOver(), CurrentProcess.isInForeground(of: 2) else { return }
            StandardStream.error.write(clearing + text)
            state.isDrawn = true
        }
    }

    static func clear() { state.withLock { clear(&$0) } }

    /// Clears the line, and keeps it so while `body` writes.
    static func cleared<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        state.withLock { state in
            clear(&state)
            state.writers += 1
        }
        defer { state.withLock { $0.writers -= 1 } }
        try body()
    }

    private static func clear(_ state: inout State) {
        guard state.isDrawn else { return }
        StandardStream.error.write(clearing)
        state.isDrawn = false
    }
}
