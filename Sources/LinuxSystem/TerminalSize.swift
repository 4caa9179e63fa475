import CLinux

/// The size of a terminal in characters.
package struct TerminalSize: Hashable, Sendable {
    package let columns: Int
    package let rows: Int

    package init(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
    }

    /// The size of a standard stream's terminal; nil where it is none. A terminal that does not know its size
    /// has 80 columns and 24 rows.
    package init?(of descriptor: Int32) {
        guard CurrentProcess.isTerminal(descriptor) else { return nil }
        var (columns, rows): (UInt16, UInt16) = (0, 0)
        unsafe _ = linux_terminal_size(descriptor, &columns, &rows)
        self.init(columns: columns > 0 ? Int(columns) : 80, rows: rows > 0 ? Int(rows) : 24)
    }
}
