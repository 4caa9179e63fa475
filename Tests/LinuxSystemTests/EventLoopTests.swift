import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import LinuxSystem

@Suite("Event loop")
struct EventLoopTests {
    /// What several tasks see.
    private final class Shared<Value: Sendable>: Sendable {
        private let value: Mutex<Value>

        init(_ value: Value) { self.value = Mutex(value) }

        var current: Value { value.withLock { $0 } }

        func change(_ body: (inout Value) -> Void) { value.withLock { body(&$0) } }
    }

    /// Far behind every event that is waited for.
    private var never: MonotonicInstant { .now.advanced(by: .seconds(60)) }

    /// Catches a loop that runs its tasks elsewhere, and a name that nobody sees.
    @Test("runs its tasks on threads of that name")
    func threads() async throws {
        let loop = try EventLoop("a loop", threads: 2)
        defer { loop.stop() }
        let name = try await withTaskExecutorPreference(loop) { try Self.text("/proc/thread-self/comm") }
        #expect(name == "a loop\n")
    }

    @Test("runs a task for a thread that waits for it, and hands on what it returns or throws")
    func run() throws {
        let (name, answer) = try EventLoop.run("task") { loop in
            try await loop.sleep(for: .milliseconds(1))
            return (try Self.text("/proc/thread-self/comm"), 42)
        }
        #expect(name == "task\n" && answer == 42)
        #expect(throws: CancellationError.self) {
            try EventLoop.run("task") { _ in throw CancellationError() }
        }
    }

    @Test("a task sleeps for the time that it says, or until it is cancelled")
    func sleep() async throws {
        let loop = try EventLoop("loop")
        defer { loop.stop() }
        let start = MonotonicInstant.now
        try await loop.sleep(for: .milliseconds(20))
        #expect(start.duration(to: .now) >= .milliseconds(20))
        // One is cancelled while it sleeps, the other one before.
        for wait in [Duration.milliseconds(10), .zero] {
            let sleeping = Task(executorPreference: loop) { try await loop.sleep(for: .seconds(600)) }
            if wait > .zero { try await loop.sleep(for: wait) }
            sleeping.cancel()
            await #expect(throws: CancellationError.self) { try await sleeping.value }
        }
    }

    /// Catches an idle thread that nobody wakes, whether it leads or rests.
    @Test("a task that blocks its thread delays none of the others while a thread is left")
    func blocked() async throws {
        let loop = try EventLoop("loop", threads: 2)
        defer { loop.stop() }
        let (isBlocked, release) = (Signal(), Semaphore())
        let blocking = Task(executorPreference: loop) {
            isBlocked.raise()
            release.wait()
        }
        #expect(await isBlocked.wait(until: never, on: loop) == .any)
        for _ in 0..<100 {
            let (there, back) = (Signal(), Signal())
            let other = Task(executorPreference: loop) {
                let news = await there.wait(until: never, on: loop)
                back.raise()
                return news
            }
            there.raise()
            #expect(await back.wait(until: never, on: loop) == .any)
            #expect(await other.value == .any)
        }
        release.signal()
        await blocking.value
    }

    /// Catches a loop that starts no further thread, and surplus threads that stay.
    @Test("when all threads are blocked for longer than its patience, there are further ones meanwhile")
    func patience() async throws {
        let name = "loop \(UInt16.random(in: 0 ... .max))"
        let (loop, other) = (try EventLoop(name, patience: .zero), try EventLoop("other"))
        defer { for loop in [loop, other] { loop.stop() } }
        let (isBlocked, release, done) = (Signal(), Semaphore(), Signal())
        var blocking: [Task<Void, Never>] = []
        for _ in 0..<3 {
            blocking.append(
                Task(executorPreference: loop) {
                    isBlocked.raise()
                    release.wait()
                }
            )
            #expect(await isBlocked.wait(until: never, on: other) == .any)
        }
        let free = Task(executorPreference: loop) { done.raise() }
        #expect(await done.wait(until: never, on: other) == .any)
        await free.value
        for _ in blocking { release.signal() }
        for task in blocking { await task.value }
        let end = never
        while try Self.threadCount(name) > 1, MonotonicInstant.now < end { await Task.yield() }
        #expect(try Self.threadCount(name) == 1)
    }

    /// Catches deadlines that are lost, swapped, or end a later wait.
    @Test("deadlines come in their order, and one of an earlier wait ends no later one")
    func deadlines() async throws {
        let loop = try EventLoop("loop")
        defer { loop.stop() }
        let order = Shared<[Int]>([])
        let start = MonotonicInstant.now
        await withTaskExecutorPreference(loop) {
            await withDiscardingTaskGroup { group in
                for number in [3, 1, 2] {
                    group.addTask {
                        let deadline = start.advanced(by: .milliseconds(20 * number))
                        #expect(await Signal().wait(until: deadline, on: loop) == [])
                        #expect(MonotonicInstant.now >= deadline)
                        order.change { $0.append(number) }
                    }
                }
            }
        }
        #expect(order.current == [1, 2, 3])
        let signal = Signal()
        signal.raise()
        #expect(await signal.wait(until: .now.advanced(by: .milliseconds(5)), on: loop) == .any)
        let second = MonotonicInstant.now.advanced(by: .milliseconds(50))
        #expect(await signal.wait(until: second, on: loop) == [])
        #expect(MonotonicInstant.now >= second)
    }

    /// Catches a loop that runs jobs for ever and never looks at its descriptors.
    @Test("tasks that always have something to do do not keep events from being read")
    func fairness() async throws {
        let folder = try TemporaryDirectory()
        let (loop, instance) = (try EventLoop("loop"), try SharedInotify())
        defer { loop.stop() }
        let isRead = Shared(false)
        let subscription = instance.subscribe(overflowed: { _ in }) {
            isRead.change { $0 = true }
        }
        _ = try subscription.watch(FilePath(folder.path), for: .created) { _ in }
        _ = loop.watch(instance, pause: .zero) { try? instance.read() }
        let end = never
        let readers = (0..<3).map { _ in
            Task(executorPreference: loop) {
                let signal = Signal()
                while !isRead.current, MonotonicInstant.now < end {
                    signal.raise()
                    _ = await signal.wait(on: loop)
                }
            }
        }
        try folder.write([1], to: "file")
        for reader in readers { await reader.value }
        #expect(isRead.current)
    }

    /// Catches a pause that is not obeyed, and one that never ends.
    @Test("a source that pauses is asked again after the pause, and not before")
    func pause() async throws {
        let folder = try TemporaryDirectory()
        let (loop, instance) = (try EventLoop("loop"), try SharedInotify())
        defer { loop.stop() }
        let subscription = instance.subscribe(overflowed: { _ in }) {}
        _ = try subscription.watch(FilePath(folder.path), for: .created) { _ in }
        let times = Shared<[MonotonicInstant]>([])
        let called = Signal()
        let pause = Duration.milliseconds(30)
        _ = loop.watch(instance, pause: pause) {
            times.change { $0.append(.now) }
            try? instance.read()
            called.raise()
        }
        for number in 0..<3 {
            try folder.write([1], to: "file-\(number)")
            #expect(await called.wait(until: never, on: loop) == .any)
        }
        let all = times.current
        for (one, next) in zip(all, all.dropFirst()) { #expect(one.duration(to: next) >= pause) }
    }

    /// Catches threads that go on.
    @Test("its threads end when it is stopped")
    func stop() async throws {
        let name = "ends \(UInt16.random(in: 0 ... .max))"
        let loop = try EventLoop(name, threads: 3)
        await withTaskExecutorPreference(loop) {}
        #expect(try Self.threadCount(name) > 0)
        loop.stop()
        let end = never
        while try Self.threadCount(name) > 0, MonotonicInstant.now < end { await Task.yield() }
        #expect(try Self.threadCount(name) == 0)
    }

    private static func threadCount(_ name: String) throws -> Int {
        let threads = FilePath("/proc/self/task")
        return try Directory.names(in: threads).count {
            // One that has ended meanwhile has no name.
            (try? text(threads.appending($0).appending("comm"))) == name + "\n"
        }
    }

    /// A short file as a whole.
    private static func text(_ path: FilePath) throws -> String {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = try OpenFile(path, .read).read(into: &bytes, count: 100, at: 0)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
