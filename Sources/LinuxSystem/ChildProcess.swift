import Glibc
import Synchronization
package import SystemPackage

/// A program that this process started (`posix_spawn(3)`), with a process group of its own. Both of its
/// outputs are read here, in the order in which it writes them.
///
/// `nextLine` is for one thread; the rest may be called from any.
package final class ChildProcess: Sendable {
    package let processID: Int32
    private let output: OpenFile
    /// The other end of its standard input, if that is bound to this process.
    private let bond: OpenFile?
    private let unread = Mutex<[UInt8]>([])
    /// Known once the process is reaped: from then on its number may be another's.
    private let status = Mutex<Int32?>(nil)
    private let hasEnded = Semaphore()

    /// What a child is ordered to do.
    package enum Order: Sendable {
        /// SIGTERM: finish and end.
        case end
        /// SIGKILL: end at once.
        case die
    }

    /// Starts the program at `executable`, with `arguments` after its name. Without a slash, it is found by
    /// `PATH`. It has this process's working directory and its environment with `changes`, in which nil takes
    /// a variable away. Throws when it cannot be started.
    ///
    /// - Parameters:
    ///   - arguments: as `Arguments` has them: the program gets their bytes.
    ///   - input: its standard input; nil for /dev/null.
    ///   - isBound: whether its standard input is a pipe instead, which ends with this object or this
    ///     process, however that ends.
    ///   - isHeard: whether its outputs are read here; otherwise they go to /dev/null.
    package init(
        _ executable: FilePath,
        named name: String,
        _ arguments: [String],
        environment changes: [String: String?] = [:],
        input: [UInt8]? = nil,
        isBound: Bool = false,
        isHeard: Bool = true
    ) throws(SystemError) {
        let ends = try makePipe()
        output = OpenFile(descriptor: ends.read, path: executable)
        let childsEnd = OpenFile(descriptor: ends.write, path: executable)
        let bond = isBound ? try makePipe() : nil
        self.bond = bond.map { OpenFile(descriptor: $0.write, path: executable) }
        let inputFile: OpenFile
        if let input {
            inputFile = try OpenFile.unnamed(holding: input)
        } else if let bond {
            inputFile = OpenFile(descriptor: bond.read, path: executable)
        } else {
            inputFile = try OpenFile("/dev/null", .read)
        }

        let start = ProgramStart()
        start.give(inputFile.descriptor, as: 0)
        for stream: Int32 in [1, 2] {
            if isHeard {
                start.give(childsEnd.descriptor, as: stream)
            } else {
                start.open("/dev/null", as: stream, O_WRONLY)
            }
        }
        // Ctrl-C at the terminal is for this process, which decides what happens to the child.
        start.leadGroup()
        start.restoreDefaults(of: [SIGPIPE])
        processID = try start.run(
            executable,
            ([name] + arguments).map(Arguments.bytes),
            environment: Self.environment(changes)
        )
        // Only the child has them now: the output ends when the child closes it.
        _ = consume childsEnd
        _ = consume inputFile
    }

    /// The next line without its end, waiting for it; nil when the process closed its outputs.
    package func nextLine() throws(SystemError) -> String? {
        while true {
            if let line = unread.withLock({ Self.takeLine(from: &$0) }) { return line }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let got = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(output.descriptor, $0.baseAddress!, $0.count)
            }
            if got < 0 {
                if errno == EINTR { continue }
                throw .last(.readOutput, output.path)
            }
            if got == 0 {
                return unread.withLock { rest in
                    defer { rest = [] }
                    return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
                }
            }
            unread.withLock { $0 += buffer[..<got] }
        }
    }

    /// Waits until it has ended. Returns its exit status; 128 plus the signal's number if a signal ended it.
    @discardableResult
    package func wait() -> Int32 {
        // First without reaping and without the lock, so that `tell` can signal the process meanwhile.
        Self.waitForEnd(of: processID)
        return status.withLock { status in
            let ended = status ?? Self.reap(processID)
            status = ended
            hasEnded.signal()
            return ended
        }
    }

    /// Waits until the child has ended, without reaping it.
    static func waitForEnd(of process: pid_t) {
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// Reaps a child that has ended. Returns its exit status; 128 plus the signal's number if a signal ended
    /// it.
    static func reap(_ process: pid_t) -> Int32 {
        var raw: Int32 = 0
        while unsafe waitpid(process, &raw, 0) < 0, errno == EINTR {}
        let signal = raw & 0x7f
        return signal == 0 ? (raw >> 8) & 0xff : 128 + signal
    }

    /// Sends the order to the process and those that it started, unless it was reaped already.
    package func tell(_ order: Order) {
        status.withLock { status in
            if status == nil { _ = kill(-processID, order == .end ? SIGTERM : SIGKILL) }
        }
    }

    /// Orders it to end when that time is over, and to die if it does not. Call `wait` afterwards.
    package func limit(to time: Duration) throws(SystemError) {
        try WorkerThread.start("time-limit") { [self] in
            if hasEnded.wait(within: time) { return }
            tell(.end)
            if !hasEnded.wait(within: Self.graceTime) { tell(.die) }
        }
    }

    /// A program that was told to end has so long to do it.
    private static let graceTime = Duration.seconds(2)

    private static func takeLine(from bytes: inout [UInt8]) -> String? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { bytes.removeSubrange(...end) }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// This process's environment as `NAME=VALUE`, with the changes.
    static func environment(_ changes: [String: String?]) throws(SystemError) -> [[UInt8]] {
        let file = try OpenFile("/proc/self/environ", .read)
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let got = try file.read(into: &buffer, count: buffer.count, at: UInt64(all.count)), got > 0
        {
            all += buffer[..<got]
        }
        let kept = all.split(separator: 0).map(Array.init).filter { entry in
            !changes.keys.contains { entry.starts(with: Array("\($0)=".utf8)) }
        }
        let added = changes.compactMap { name, value in value.map { Array("\(name)=\($0)".utf8) } }
        return kept + added
    }
}

extension CurrentProcess {
    /// From here on, writing to a pipe that was closed is an error (EPIPE) and does not end the process.
    package static func surviveBrokenPipes() {
        _ = signal(SIGPIPE, SIG_IGN)
    }
}
