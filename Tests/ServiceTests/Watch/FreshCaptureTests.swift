import Capture
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@testable import Service

@Suite("A fresh capture")
struct FreshCaptureTests {
    /// On a thread of its own, for it blocks. The time is for a machine whose other tests come first.
    private func capture(
        _ data: DatabaseRoot,
        _ annotations: [AnnotationRequest] = []
    ) async throws -> DurablePoint {
        try await WorkerThread.run("capture") {
            try FreshCapture(data.root, timeout: .seconds(600)).run(annotations)
        }
    }

    /// Catches a capture of an earlier state, an annotation that is lost, and a lock that is kept.
    @Test("where no watcher runs, all that is committed is captured here, and the lock is given back")
    func alone() async throws {
        let data = try DatabaseRoot()
        try data.insert("one")
        let first = try await capture(data, [.tag("first")])
        #expect(first.incomplete == nil)
        #expect(try data.rows(at: first.sequence) == "one\n")
        #expect(!data.root.hasWriter)

        try data.insert("two")
        let second = try await capture(data)
        #expect(second.sequence > first.sequence)
        #expect(try data.rows(at: second.sequence) == "one\ntwo\n")
        #expect(try SnapshotIndex(data.root).tags == ["first": first.sequence])
        #expect(!data.root.hasWriter)

        let third = try await capture(data)
        #expect(third.sequence == second.sequence, "nothing was committed since")
    }

    /// Catches a request that the watcher does not get, for nobody else can have the lock beside it.
    @Test("a running watcher captures instead, and keeps the lock")
    func watched() async throws {
        let data = try DatabaseRoot()
        let service = try RunningService([.init(data.root)], in: data.repository)
        _ = try await next(service.ready)
        try data.insert("one")
        let point = try await capture(data, [.tag("mine")])
        #expect(point.incomplete == nil)
        #expect(try data.rows(at: point.sequence) == "one\n")
        #expect(try SnapshotIndex(data.root).tags == ["mine": point.sequence])
        #expect(data.root.hasWriter)
        try await service.shutDown()
    }

    private let names: [FilePath] = ["a.db", "b.log", "logs/c.log", "d.txt"]

    private func excluded(_ exclusions: [String]?, of capture: FreshCapture) throws -> [FilePath] {
        let point = DurablePoint(sequence: .none, time: .now, exclusions: exclusions)
        guard let scope = try capture.scope(of: point) else { return [] }
        return names.filter { !scope.protects($0) }
    }

    /// Catches a second request for what the capture told already: nobody answers it here.
    @Test("what the watcher excludes comes with its capture")
    func excluded() throws {
        let listening = try ListeningRoot()
        let capture = FreshCapture(listening.root, timeout: .seconds(60))
        #expect(try excluded(["*.log"], of: capture) == ["b.log", "logs/c.log"])
        #expect(try excluded([], of: capture) == [])
    }

    /// Catches a watcher whose captures do not have its exclusions.
    @Test("a real watcher tells what it excludes with each capture")
    func exclusions() async throws {
        let data = try DatabaseRoot()
        let service = try RunningService([.init(data.root, exclusions: ["*.log"])], in: data.repository)
        _ = try await next(service.ready)
        let capture = FreshCapture(data.root, timeout: .seconds(600))
        let point = try await WorkerThread.run("capture") { try capture.run() }
        #expect(point.exclusions == ["*.log"])
        try await service.shutDown()
    }

    /// Catches names that are excluded where no watcher runs, and an older watcher whose exclusions are lost.
    @Test("a watcher of version 0.2.0 is asked for its exclusions; without one nothing is excluded")
    func excludedByOlder() throws {
        let data = try DatabaseRoot()
        let capture = FreshCapture(data.root, timeout: .seconds(60))
        #expect(try excluded(nil, of: capture) == [])
        let status = WatcherStatus(
            pid: 1,
            isReady: true,
            lagMilliseconds: 0,
            rescans: 0,
            audits: 0,
            auditDifferences: 0,
            exclusions: ["*.log"]
        )
        let line = try ControlCoding.encode(ControlAnswer.status(status))
        try ListeningRoot(data.root, in: data.folder).answerOne { connection in
            _ = try? connection.readLine(limit: 1000)
            try? connection.writeLine(line)
        }
        #expect(try excluded(nil, of: capture) == ["b.log", "logs/c.log"])
    }

    /// Catches a watcher of a single file that is asked: exclusions are of a directory's names.
    @Test("a root of a single file excludes nothing, whatever its watcher says")
    func excludedFile() throws {
        let data = try DatabaseRoot()
        let root = try data.repository.addRoot(FilePath(data.database), kind: .file)
        let capture = FreshCapture(root, timeout: .seconds(60))
        // Nobody answers there: a request would end with an error.
        let listening = try ListeningRoot(root, in: data.folder)
        #expect(try excluded(nil, of: capture) == [] && excluded(["*"], of: capture) == [])
        withExtendedLifetime(listening) {}
    }
}
