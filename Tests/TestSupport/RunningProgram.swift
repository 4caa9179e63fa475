import Foundation
import LinuxSystem
import Synchronization

/// A program that runs beside the test. One that goes away unfinished is killed.
///
/// Waiting is always for something that happens; the timeouts only end a test that would otherwise hang. To
/// be used from one thread.
package final class RunningProgram {
    private let process = Process()
    private let command: String
    private let events = Events()

    /// What is known of the program, and a wakeup for every change of it.
    private final class Events: Sendable {
        struct State {
            var output: [UInt8] = []
            var errors: [UInt8] = []
            /// How many of the program's outputs have not come to their end.
            var openOutputs = 2
            var exitStatus: Int32?
            var peakMemoryPages = 0
        }

        let state = Mutex(State())
        let wakeup: WakeupPipe

        init() { wakeup = try! WakeupPipe() }

        func change(_ body: (inout State) -> Void) {
            state.withLock { body(&$0) }
            wakeup.signal()
        }
    }

    /// Starts a program by its absolute path.
    package init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String],
        directory: String? = nil
    ) throws {
        command = ([path] + arguments).joined(separator: " ")
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = environment
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let input = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/null"))
        // The process object outlives the process, and keeps open what it was given.
        defer { try? input.close() }
        process.standardInput = input
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.terminationHandler = { [events] process in
            let isSignal = process.terminationReason == .uncaughtSignal
            let status = isSignal ? 128 + process.terminationStatus : process.terminationStatus
            events.change { $0.exitStatus = status }
        }
        try process.run()
        try gather(output.fileHandleForReading) { $0.output += $1 }
        try gather(errors.fileHandleForReading) { $0.errors += $1 }
        if arguments.first == "watch" { try noteMemory() }
    }

    deinit {
        if process.isRunning { kill() }
        process.terminationHandler = nil
    }

    private func gather(
        _ handle: FileHandle,
        _ add: @escaping @Sendable (inout Events.State, [UInt8]) -> Void
    ) throws {
        try WorkerThread.start("gather") { [events] in
            while case let data = handle.availableData, !data.isEmpty {
                events.change { add(&$0, [UInt8](data)) }
            }
            try? handle.close()
            events.change { $0.openOutputs -= 1 }
        }
    }

    package var processID: Int32 { process.processIdentifier }
    package var isRunning: Bool { events.state.withLock { $0.exitStatus == nil } }
    /// What it has printed so far.
    package var stdout: String { text(\.output) }
    /// What it has said so far.
    package var stderr: String { text(\.errors) }

    private func text(_ part: (Events.State) -> [UInt8]) -> String {
        String(decoding: events.state.withLock { part($0) }, as: UTF8.self)
    }

    /// Waits for the first whole line on the standard output that meets the condition, among those of before
    /// as well. Throws `CommandFailure` when the program ends, or the time does, without it.
    @discardableResult
    package func waitForOutput(
        timeout: Duration = .seconds(60),
        _ condition: (Substring) -> Bool
    ) throws -> String {
        try wait(timeout) { Self.line(in: $0.output, 1, condition) }
    }

    /// The same on the standard error. `count`: how many such lines.
    @discardableResult
    package func waitForError(
        timeout: Duration = .seconds(60),
        count: Int = 1,
        _ condition: (Substring) -> Bool
    ) throws -> String {
        try wait(timeout) { Self.line(in: $0.errors, count, condition) }
    }

    /// Waits until it has ended and all that it said has arrived. When it takes longer than the timeout,
    /// kills it and throws `CommandFailure`.
    @discardableResult
    package func waitForEnd(timeout: Duration = .seconds(60)) throws -> CommandResult {
        do {
            return try wait(timeout) { state in
                guard let status = state.exitStatus, state.openOutputs == 0 else { return nil }
                return CommandResult(
                    status: status,
                    stdout: String(decoding: state.output, as: UTF8.self),
                    stderr: String(decoding: state.errors, as: UTF8.self)
                )
            }
        } catch {
            kill()
            throw error
        }
    }

    /// Sends a signal, as SIGINT.
    package func signal(_ number: Int32) {
        if isRunning { Foundation.kill(processID, number) }
    }

    /// Asks it to end with SIGTERM, and waits for that.
    @discardableResult
    package func terminate(timeout: Duration = .seconds(60)) throws -> CommandResult {
        signal(SIGTERM)
        return try waitForEnd(timeout: timeout)
    }

    /// Ends it with SIGKILL, as a crash would, and waits until it is gone.
    package func kill() {
        signal(SIGKILL)
        while isRunning { _ = events.wakeup.wait(.seconds(60)) }
    }

    /// Whether it has that open.
    package func hasOpen(_ path: String) -> Bool { openDescriptors().contains(path) }

    /// What its open descriptors are, as the kernel names it (proc_pid_fd(5)).
    package func openDescriptors() -> [String] {
        let links = "/proc/\(processID)/fd"
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: links)) ?? []
        return numbers.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(links)/\($0)")
        }
    }

    package func threadCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/task").count
    }

    /// Whether its thread of that name waits for a `Mutex` (`wchan` in proc(5)).
    package func isWaitingForMutex(thread name: String) -> Bool {
        let threads = "/proc/\(processID)/task"
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: threads)) ?? []
        return numbers.contains { number in
            let text = { (name: String) -> String in
                (try? String(contentsOfFile: "\(threads)/\(number)/\(name)", encoding: .utf8)) ?? ""
            }
            // A mutex of Swift's is one of the kernel's as well (FUTEX_LOCK_PI in futex(2)).
            return text("comm") == name + "\n" && text("wchan").hasPrefix("rt_mutex")
        }
    }

    /// The most memory of its own that a watcher has had resident so far, as it was seen each 10 ms. Pages of
    /// files are left out: at any time the kernel may have more or less of the program's file resident.
    package var peakMemoryBytes: Int { events.state.withLock { $0.peakMemoryPages } * Int(getpagesize()) }

    /// Notes how much memory it has until it ends (`/proc/PID/statm` in proc(5): resident less shared).
    private func noteMemory() throws {
        let path = "/proc/\(process.processIdentifier)/statm"
        try WorkerThread.start("memory") { [events] in
            while let text = try? String(contentsOfFile: path, encoding: .utf8) {
                let pages = text.split(separator: " ").compactMap { Int($0) }
                let isOver = events.state.withLock { state in
                    if pages.count > 2 {
                        state.peakMemoryPages = max(state.peakMemoryPages, pages[1] - pages[2])
                    }
                    return state.exitStatus != nil
                }
                if isOver { return }
                WorkerThread.sleep(.milliseconds(10))
            }
        }
    }

    /// What it has read so far, in bytes, from files and everything else (`rchar` in proc(5)).
    package func readBytes() throws -> Int {
        let counts = try String(contentsOfFile: "/proc/\(processID)/io", encoding: .utf8)
        let line = counts.split(separator: "\n").first { $0.hasPrefix("rchar: ") }
        guard let count = line.flatMap({ Int($0.dropFirst("rchar: ".count)) }) else {
            throw CommandFailure(
                command: command,
                result: CommandResult(status: -1, stdout: "", stderr: counts)
            )
        }
        return count
    }

    /// The processor time that it has used so far, in seconds (`utime` and `stime` in proc(5)).
    package func processorSeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
        // The name before the parenthesis may contain spaces; state is the third field.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields[12...13].compactMap { Double($0) }.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Waits until it uses no more than 5 percent of a processor for 2 s: how long it has something to do
    /// depends on the machine. Throws `WaitedInVain` if it never rests.
    package func waitUntilIdle() throws {
        try TestSupport.wait(for: "a program that rests") {
            let before = try processorSeconds()
            WorkerThread.sleep(.seconds(2))
            return try processorSeconds() - before < 0.1
        }
    }

    /// Waits until `look` finds something.
    private func wait<Value>(_ timeout: Duration, _ look: (Events.State) -> Value?) throws -> Value {
        let deadline = MonotonicInstant.now.advanced(by: timeout)
        while true {
            let (found, isOver) = events.state.withLock { state in
                (look(state), state.exitStatus != nil && state.openOutputs == 0)
            }
            if let found { return found }
            let rest = MonotonicInstant.now.duration(to: deadline)
            guard !isOver, rest > .zero else {
                let status = events.state.withLock { $0.exitStatus }
                throw CommandFailure(
                    command: command + (isOver ? "" : " (still running)"),
                    result: CommandResult(status: status ?? -1, stdout: stdout, stderr: stderr)
                )
            }
            _ = events.wakeup.wait(rest)
        }
    }

    private static func line(in bytes: [UInt8], _ count: Int, _ condition: (Substring) -> Bool) -> String? {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        return lines.lazy.filter(condition).dropFirst(count - 1).first.map(String.init)
    }
}
