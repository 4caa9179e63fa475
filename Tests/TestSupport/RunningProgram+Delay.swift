import Foundation

extension RunningProgram {
    /// Has each such call of the program on that path take so much longer, until the returned strace(1) is
    /// killed.
    package func delay(_ call: String, on path: String, milliseconds: Int) throws -> RunningProgram {
        let strace = try RunningProgram(
            "/usr/bin/env",
            [
                "strace", "-f", "-o", "/dev/null", "-p", "\(processID)", "-P", path, "-e", "trace=\(call)",
                "-e", "inject=\(call):delay_enter=\(milliseconds * 1000)",
            ],
            environment: ProcessInfo.processInfo.environment
        )
        try strace.waitForError(timeout: .seconds(20)) { $0.contains("attached with") }
        return strace
    }
}
