import Foundation

/// Holdfast, held up at one of its system calls until it is let go. `strace(1)` traces it from beside it.
package final class HeldProgram {
    package enum Side: String {
        case before = "enter"
        case after = "exit"
    }

    package let program: RunningProgram

    /// Starts the program, and returns once it is held up at the `number`th of these calls.
    package init(
        _ arguments: [String],
        _ side: Side = .before,
        _ call: String,
        number: Int = 1,
        in protection: Protection
    ) throws {
        let trace = protection.folder.file("trace")
        let options = [
            "-D", "-f", "-qq", "-o", trace, "-e", "trace=\(call)",
            // The longest that a test waits for anything, and more.
            "-e", "inject=\(call):delay_\(side.rawValue)=300000000:when=\(number)",
        ]
        program = try RunningProgram(
            "/usr/bin/strace",
            options + [HoldfastProgram.path] + arguments,
            environment: HoldfastProgram.environment(protection.environment),
            directory: protection.data
        )
        try wait(for: "\(call), number \(number)") {
            let lines = (try? String(contentsOfFile: trace, encoding: .utf8)) ?? ""
            return lines.components(separatedBy: "\(call)(").count > number
        }
    }

    deinit {
        // A tracer that waits out its delay would not let go of a killed program either.
        letGo()
        program.kill()
    }

    /// Without its tracer the kernel lets it go on (ptrace(2)).
    package func letGo() {
        let threads = "/proc/\(program.processID)/task"
        for thread in (try? FileManager.default.contentsOfDirectory(atPath: threads)) ?? [] {
            let status = try? String(contentsOfFile: "\(threads)/\(thread)/status", encoding: .utf8)
            guard let number = status?.firstMatch(of: /TracerPid:\s+([0-9]+)/).flatMap({ Int32($0.1) }),
                number > 0
            else { continue }
            kill(number, SIGKILL)
            return
        }
    }
}
