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

@Suite("The watch service")
struct WatchServiceTests {
    private struct Failure: Error {}

    /// A root of one plain file, in the same repository.
    private func fileRoot(beside data: DatabaseRoot) throws -> RootDescription {
        try data.folder.write(Array("notes".utf8), to: "notes.txt")
        return try data.repository.addRoot(FilePath(data.folder.file("notes.txt")), kind: .file)
    }

    /// A target that cannot be found for so many times.
    private func target(_ root: RootDescription, failing failures: Int) -> WatchTarget {
        let count = Count()
        return target(root) { count.next() <= failures }
    }

    private func target(
        _ root: RootDescription,
        failingWhile fails: @escaping @Sendable () -> Bool
    ) -> WatchTarget {
        WatchTarget(path: root.path) {
            guard !fails() else { throw Failure() }
            return root
        } known: {
            root
        }
    }

    private final class Count: Sendable {
        private let value = Mutex(0)

        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    private func sequence(_ root: RootDescription) throws -> SequenceNumber {
        try SnapshotIndex(root).entries.last?.sequence ?? .none
    }

    /// Nobody has the root, or answers for it.
    private func isFree(_ root: RootDescription) -> Bool {
        !root.hasWriter && FileStatus.ifPresent(root.controlPath) == nil
    }

    /// Catches an announcement of each root by itself, an end before it, and a lock or socket that stays.
    @Test("once: the roots are announced together when all are captured, then it ends and leaves them free")
    func once() async throws {
        let data = try DatabaseRoot()
        try data.insert("before")
        let file = try fileRoot(beside: data)
        let service = try RunningService(
            [.init(data.root), .init(file)],
            in: data.repository,
            once: true
        )
        let ready = try await next(service.ready)
        #expect(Set(ready.map(\.root)) == [data.root, file])
        let directory = try #require(ready.first { $0.root == data.root })
        #expect(directory.files == 1 && directory.databases == 1 && directory.leftOut == 0)
        try await service.end()
        #expect(service.failedPaths.isEmpty)
        #expect(try data.rows(at: sequence(data.root)) == "before\n")
        #expect(try sequence(file) == SequenceNumber(1))
        #expect(isFree(data.root) && isFree(file))
    }

    /// Catches a failure that ends the others, and one that is not told.
    @Test("once: a root that fails is told, and hinders no other one")
    func onceFailing() async throws {
        let data = try DatabaseRoot()
        let file = try fileRoot(beside: data)
        let service = try RunningService(
            [target(file, failing: .max), .init(data.root)],
            in: data.repository,
            once: true
        )
        let ready = try await next(service.ready)
        #expect(ready.map(\.root) == [data.root])
        try await service.end()
        #expect(service.failedPaths == [file.path])
        #expect(try sequence(data.root) == SequenceNumber(1))
    }

    /// Catches a service that goes on without anything to protect, and another error than the cause.
    @Test("when the last root fails, it ends with what hinders that one, and announces nothing")
    func noneLeft() async throws {
        let data = try DatabaseRoot()
        let service = try RunningService([target(data.root, failing: .max)], in: data.repository)
        await #expect(throws: Failure.self) { try await service.end() }
        for await ready in service.ready { Issue.record("\(ready)") }
        // Whoever reads the error of the end need not be told of it before.
        #expect(service.failedPaths.isEmpty)
    }

    /// Catches a failed root that is not tried again, and one that holds the announcement of the others up.
    @Test("a root that failed is told and tried again, and announced by itself")
    func again() async throws {
        let data = try DatabaseRoot()
        let file = try fileRoot(beside: data)
        let isAnnounced = Mutex(false)
        let failing = target(file) { isAnnounced.withLock { !$0 } }
        let service = try RunningService([failing, .init(data.root)], in: data.repository)
        let first = try await next(service.ready)
        #expect(first.map(\.root) == [data.root])
        isAnnounced.withLock { $0 = true }
        let second = try await next(service.ready)
        #expect(second.map(\.root) == [file])
        #expect(service.failedPaths == [file.path])
        try await service.shutDown()
        #expect(isFree(data.root) && isFree(file))
    }

    /// Catches a shutdown that drops what was committed before it, and one that does not end the service.
    @Test("told to shut down, it first captures what was committed before")
    func shutdown() async throws {
        let data = try DatabaseRoot()
        let service = try RunningService([.init(data.root)], in: data.repository)
        _ = try await next(service.ready)
        #expect(data.root.hasWriter)
        try data.insert("last")
        try await service.shutDown()
        #expect(try data.rows(at: sequence(data.root)) == "last\n")
        #expect(isFree(data.root))
    }

    /// Catches a root that is not taken in, one that is disturbed by it, and one whose lock or last commit
    /// stays behind when it is protected no longer.
    @Test("roots can come and go while it runs, and the others go on")
    func changing() async throws {
        let data = try DatabaseRoot()
        let file = try fileRoot(beside: data)
        let service = try RunningService([.init(data.root)], in: data.repository)
        _ = try await next(service.ready)
        let first = try #require(try ControlClient(data.root).status())

        service.update([.init(data.root), .init(file)])
        #expect(try await next(service.ready).map(\.root) == [file])
        #expect(try ControlClient(data.root).status()?.rescans == first.rescans)

        try data.insert("last")
        service.update([.init(file)])
        try await waitAside(for: "the root is free") { self.isFree(data.root) }
        #expect(try data.rows(at: sequence(data.root)) == "last\n")
        #expect(file.hasWriter)
        try await service.shutDown()
        #expect(service.failedPaths.isEmpty)
    }

    /// Catches settings that do not take effect, and a second protection before the first has ended.
    @Test("a root with other settings is captured to the end, and begins anew with them")
    func otherSettings() async throws {
        let data = try DatabaseRoot()
        let service = try RunningService([.init(data.root)], in: data.repository)
        _ = try await next(service.ready)
        try data.insert("before")
        service.update([.init(data.root, exclusions: ["*.tmp"])])
        #expect(try await next(service.ready).map(\.root) == [data.root])
        #expect(try ControlClient(data.root).status()?.exclusions == ["*.tmp"])
        try data.insert("after")
        try await service.shutDown()
        #expect(try data.rows(at: sequence(data.root)) == "before\nafter\n")
        #expect(service.failedPaths.isEmpty)
    }

    /// Catches a service that ends because what it waits for is not there, and one that does not notice it.
    @Test("a root that is awaited comes as soon as it exists")
    func awaited() async throws {
        let data = try DatabaseRoot("")
        let path = FilePath(data.folder.file("later/on"))
        var settings = RootSettings()
        settings.isAwaited = true
        let target = WatchTarget(path: path, settings: settings) {
            _ = try FileStatus.of(path)
            return try data.repository.addRoot(path, kind: .directory)
        } known: {
            nil
        }
        let service = try RunningService([target], in: data.repository)
        try await waitAside(for: "the failure is told") { service.failedPaths == [path] }
        try Directory.make(path)
        #expect(try await next(service.ready).map(\.root.path) == [path])
        try await service.shutDown()
    }

    /// Catches a service that goes on where nothing can be kept any more.
    @Test("when the repository is moved away, it ends and says so")
    func gone() async throws {
        let data = try DatabaseRoot()
        let service = try RunningService([.init(data.root)], in: data.repository)
        _ = try await next(service.ready)
        let path = data.repository.path
        try Directory.rename(path, to: FilePath(data.folder.file("elsewhere")))
        do {
            try await service.end()
            Issue.record("it ended as if it had been told to")
        } catch RepositoryError.gone(let gone, _) {
            #expect(gone == path)
        }
    }
}
