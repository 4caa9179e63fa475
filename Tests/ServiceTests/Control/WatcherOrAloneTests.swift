import Capture
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Service

/// A real socket at which the test answers, and the real lock of a root. The test takes it as a watcher does.
@Suite("Work by the watcher, or alone")
struct WatcherOrAloneTests {
    private struct Failure: Error {}

    /// Which of the two was asked for it, in order.
    private enum Attempt: Hashable { case watcher, alone }

    /// Has it run with attempts that are those of the commands: a request at the socket, and the lock.
    /// - Parameter before: called before each attempt to take the lock, with its number.
    private func run(
        _ root: RootDescription,
        timeout: Duration = .seconds(60),
        _ attempts: inout [Attempt],
        before: (Int) throws -> Void = { _ in }
    ) throws -> SequenceNumber {
        var made: [Attempt] = []
        defer { attempts = made }
        return try WatcherOrAlone.run(root, timeout: timeout) { client, timeout in
            made.append(.watcher)
            return try client.synchronise(timeout: timeout).sequence
        } alone: {
            made.append(.alone)
            try before(made.count { $0 == .alone })
            return try root.withoutWriter { SequenceNumber(77) }
        }
    }

    private func recorded(_ folder: TemporaryDirectory) throws -> RecordedRoot {
        try RecordedRoot(in: folder.file("repository"), protecting: folder.file("data"), .directory)
    }

    /// Has the socket answer the next request.
    private func answer(_ listening: ListeningRoot, _ answer: ControlAnswer) throws {
        let line = try ControlCoding.encode(answer)
        try listening.answerOne { connection in
            _ = try? connection.readLine(limit: 1 << 20)
            try? connection.writeLine(line)
        }
    }

    /// Catches work that is done here before the watcher was asked.
    @Test("a watcher that answers does it alone")
    func watcher() throws {
        let listening = try ListeningRoot()
        try answer(listening, .durable(sequence: 5, time: 77))
        var attempts: [Attempt] = []
        #expect(try run(listening.root, &attempts) == SequenceNumber(5))
        #expect(attempts == [.watcher])
    }

    /// Catches work that is done here though the watcher refused it.
    @Test("what a watcher refuses is not done behind its back")
    func refused() throws {
        let listening = try ListeningRoot()
        try answer(listening, .failed(reason: "too much"))
        var attempts: [Attempt] = []
        #expect(throws: ControlClient.Failure.refused("too much")) {
            try run(listening.root, &attempts)
        }
        #expect(attempts == [.watcher])
    }

    /// Catches a socket that is taken for a watcher though nobody listens, and an error that is tried again.
    @Test("where none runs it is done here, once, whether it succeeds or fails", arguments: [false, true])
    func alone(isFailing: Bool) throws {
        let folder = try TemporaryDirectory()
        let root = try recorded(folder).root
        // The name that a killed watcher leaves.
        _ = try Socket.listen(at: root.controlPath)
        var attempts: [Attempt] = []
        if isFailing {
            #expect(throws: Failure.self) { try run(root, &attempts) { _ in throw Failure() } }
        } else {
            #expect(try run(root, &attempts) == SequenceNumber(77))
        }
        #expect(attempts == [.watcher, .alone])
    }

    /// Catches a lock that is taken for the end, and one that is waited for without asking again.
    @Test("a watcher that is just starting has the lock: it is asked as soon as it listens")
    func starting() throws {
        let folder = try TemporaryDirectory()
        let recorded = try recorded(folder)
        var listening: ListeningRoot?
        var attempts: [Attempt] = []
        let sequence = try run(recorded.root, &attempts) { number in
            guard number == 2 else { return }
            let opened = try ListeningRoot(recorded.root, in: folder)
            try answer(opened, .durable(sequence: 5, time: 77))
            listening = opened
        }
        #expect(sequence == SequenceNumber(5))
        #expect(attempts == [.watcher, .alone, .watcher, .alone, .watcher])
        withExtendedLifetime((recorded, listening)) {}
    }

    /// Catches work that takes the lock from under a watcher, which would then end.
    @Test("a running watcher that is about to protect the root is waited for; one that cannot is not")
    func aboutToProtect() async throws {
        let folder = try TemporaryDirectory()
        let root = try recorded(folder).root
        let state = Mutex(WatcherDescription.State.starting)
        let loop = try EventLoop("requests")
        defer { loop.stop() }
        let repository = try RepositoryDirectory(at: FilePath(folder.file("repository")))
        let socket = try WatcherSocket(repository, on: loop) { _ in
            let standing = WatcherDescription.Root(path: root.path.string, state: state.withLock { $0 })
            return .watcher(WatcherDescription(pid: 1, started: 1, roots: [standing]))
        }
        // Answers must come soon, whatever the other tests do.
        try await withTaskExecutorPreference(loop) {
            async let _: Void = socket.run()
            defer { socket.stop() }
            try await WorkerThread.run("command") {
                var attempts: [Attempt] = []
                #expect(throws: RepositoryError.locked(root.path)) {
                    try run(root, timeout: .milliseconds(200), &attempts)
                }
                #expect(attempts.count > 1 && Set(attempts) == [.watcher])
                state.withLock { $0 = .failed }
                let sequence = try run(root, &attempts)
                #expect(sequence == SequenceNumber(77))
                #expect(attempts == [.watcher, .alone])
            }
        }
    }

    /// Catches a lock that is tried only once.
    @Test("a writer that ends without having listened leaves the work to this process")
    func ending() throws {
        let folder = try TemporaryDirectory()
        let recorded = try recorded(folder)
        var attempts: [Attempt] = []
        let sequence = try run(recorded.root, &attempts) { number in
            if number == 2 { recorded.close() }
        }
        #expect(sequence == SequenceNumber(77))
        #expect(attempts == [.watcher, .alone, .watcher, .alone])
    }

    /// Catches a wait without an end.
    @Test("a writer that keeps the lock for longer than the time allowed is named")
    func locked() throws {
        let folder = try TemporaryDirectory()
        let recorded = try recorded(folder)
        var attempts: [Attempt] = []
        #expect(throws: RepositoryError.locked(recorded.root.directory)) {
            try run(recorded.root, timeout: .zero, &attempts)
        }
        #expect(attempts == [.watcher, .alone])
        withExtendedLifetime(recorded) {}
    }
}
