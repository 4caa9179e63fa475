import Capture
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@testable import Service

@Suite("The metrics of a repository")
struct RepositoryMetricsTests {
    private static let build = ProgramBuild(version: "1.2.3", commit: "abc")

    private func metrics(of repository: RepositoryDirectory) async throws -> MetricsPage {
        try MetricsPage(try await RepositoryMetrics(of: repository, Self.build).text)
    }

    @Test("names end with their units, and only those of counters with total")
    func names() {
        let all = Metric.all
        #expect(Set(all.map(\.name)).count == all.count)
        for metric in all {
            #expect(metric.name.wholeMatch(of: /holdfast_[a-z]+(_[a-z]+)*/) != nil)
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric)")
            #expect(metric.help.hasSuffix(".") && !metric.help.contains("\n"))
        }
    }

    @Test("without a watcher they say so, and what the history has")
    func unwatched() async throws {
        let data = try DatabaseRoot()
        let service = try RunningService([.init(data.root)], in: data.repository, once: true)
        try await service.end()
        let page = try await metrics(of: data.repository)
        let root = ["root": data.root.path.string]
        #expect(page.value("holdfast_build_info", ["version": "1.2.3", "commit": "abc"]) == 1)
        #expect(page.value("holdfast_roots") == 1 && page.value("holdfast_watchers") == 0)
        #expect(page.value("holdfast_watcher_up", root) == 0)
        #expect(page.value("holdfast_protected", root) == 0)
        #expect(page.value("holdfast_state", root.merging(["state": "stopped"]) { $1 }) == 1)
        #expect(page.value("holdfast_state", root.merging(["state": "watching"]) { $1 }) == 0)
        #expect(page.value("holdfast_databases", root) == 1)
        #expect(page.value("holdfast_last_sequence", root) == 1)
        let segments = try #require(
            page.value("holdfast_repository_bytes", root.merging(["kind": "segments"]) { $1 })
        )
        #expect(segments > 0)
        // Nobody counts.
        #expect(page.value("holdfast_commits_total", root) == nil)
        #expect(page.value("holdfast_flush_seconds_count", root) == nil)
        #expect(page.value("holdfast_threads") == nil)
    }

    /// Catches flushes, commits or a process that are not counted, or not told.
    @Test("a watcher tells what it did and what it takes")
    func watched() async throws {
        let data = try DatabaseRoot("PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);")
        let service = try RunningService([.init(data.root)], in: data.repository)
        _ = try await next(service.ready)
        // Asked later than that, it still says when it began.
        let readyTime = Instant.now
        for number in 1...3 { try data.insert("\(number)") }
        _ = try ControlClient(data.root).synchronise(timeout: .seconds(60))
        let page = try await metrics(of: data.repository)
        let root = ["root": data.root.path.string]
        #expect(page.value("holdfast_protected", root) == 1 && page.value("holdfast_watcher_up", root) == 1)
        let counted = ["commits", "coalesced"].compactMap { page.value("holdfast_\($0)_total", root) }
        #expect(counted.count == 2 && counted.reduce(0, +) >= 3, "\(counted)")
        let start = try #require(page.value("holdfast_watcher_start_timestamp_seconds", root))
        #expect(start > 0 && start < Double(readyTime.nanoseconds) / 1e9)
        let flushes = try #require(page.value("holdfast_flush_seconds_count", root))
        #expect(flushes >= 2)
        #expect(page.value("holdfast_flush_seconds_bucket", root.merging(["le": "+Inf"]) { $1 }) == flushes)
        #expect(try #require(page.value("holdfast_flush_seconds_sum", root)) > 0)
        for name in ["threads", "open_descriptors", "descriptor_limit", "resident_memory_bytes", "watchers"] {
            #expect(try #require(page.value("holdfast_\(name)")) > 0, "\(name)")
        }
        #expect(page.value("holdfast_queue_steps", root) != nil)
        try await service.shutDown()
    }

    /// Catches counters that begin anew with the protection of a root.
    @Test("counters go on when a root is protected in another way, and when it is given back")
    func monotonic() async throws {
        let data = try DatabaseRoot()
        try data.folder.write(Array("notes".utf8), to: "notes.txt")
        let file = try data.repository.addRoot(FilePath(data.folder.file("notes.txt")), kind: .file)
        let service = try RunningService([.init(data.root), .init(file)], in: data.repository)
        _ = try await next(service.ready)
        try data.insert("one")
        _ = try ControlClient(data.root).synchronise(timeout: .seconds(60))
        let first = try #require(try ControlClient(data.root).status())
        let flushes = try #require(first.flushes?.counts.reduce(0, +))
        #expect(flushes > 0)

        service.update([.init(data.root, exclusions: ["*.tmp"]), .init(file)])
        _ = try await next(service.ready)
        let second = try #require(try ControlClient(data.root).status())
        #expect(second.exclusions == ["*.tmp"] && second.isAtLeast(first))

        service.update([.init(file)])
        try await waitAside(for: "the root is free") { !data.root.hasWriter }
        service.update([.init(data.root), .init(file)])
        _ = try await next(service.ready)
        let third = try #require(try ControlClient(data.root).status())
        #expect(third.isAtLeast(second))
        try await service.shutDown()
    }

    @Test("of a watcher that does not tell, nothing is made up")
    func older() throws {
        let line =
            #"{"status":{"_0":{"pid":7,"isReady":true,"lagMilliseconds":5,"rescans":1,"audits":2,"auditDifferences":0}}}"#
        guard case .status(let status) = try ControlCoding.decode(ControlAnswer.self, Array(line.utf8)) else {
            throw WaitedInVain(what: "a status")
        }
        #expect(status.commits == nil && status.flushes == nil && status.queue == nil)
        let description = #"{"watcher":{"_0":{"pid":7,"started":1,"roots":[]}}}"#
        guard
            case .watcher(let watcher) = try ControlCoding.decode(
                ControlAnswer.self,
                Array(description.utf8)
            )
        else { throw WaitedInVain(what: "a watcher") }
        #expect(watcher.usage == nil && watcher.metrics == nil)
    }

    @Test("a root whose history cannot be read is told, and the others are there all the same")
    func unreadable() async throws {
        let data = try DatabaseRoot()
        try data.folder.write(Array("notes".utf8), to: "notes.txt")
        let file = try data.repository.addRoot(FilePath(data.folder.file("notes.txt")), kind: .file)
        let service = try RunningService([.init(data.root), .init(file)], in: data.repository, once: true)
        try await service.end()
        let error = RepositoryError.unsupported(data.root.directory, what: "a segment")
        let metrics = RepositoryMetrics(
            RepositoryReading(
                build: Self.build,
                roots: try data.repository.roots(),
                watchers: [],
                freeBytes: nil
            ),
            [
                .init(status: RootStatus(data.root, unreadable: error), error: error),
                .init(status: try RootStatus(file, WatcherAnswer(asking: file))),
            ]
        )
        let page = try MetricsPage(metrics.text)
        #expect(metrics.unreadable.map(\.path) == [data.root.path])
        #expect(page.value("holdfast_readable", ["root": data.root.path.string]) == 0)
        #expect(page.value("holdfast_files", ["root": data.root.path.string]) == nil)
        #expect(page.value("holdfast_files", ["root": file.path.string]) == 1)
    }

    /// Catches a series that is there twice, which Prometheus refuses.
    @Test("paths that look the same are two series")
    func sameText() async throws {
        let data = try DatabaseRoot()
        for byte in [0xFE, 0xFF] as [UInt8] {
            let path = FilePath(data.folder.path).appending(FilePath(bytes: [0x66, byte])!.components.first!)
            try Directory.make(path)
            _ = try data.repository.addRoot(path, kind: .directory)
        }
        let page = try await metrics(of: data.repository)
        #expect(page.value("holdfast_roots") == 3)
        #expect(page.samples.count { $0.name == "holdfast_protected" } == 3)
    }

    /// Catches also a service that fails when it is told to shut down while it waits.
    @Test("a root that a watcher waits for is not protected")
    func awaited() async throws {
        let data = try DatabaseRoot()
        let path = FilePath(data.folder.file("later"))
        var settings = RootSettings()
        settings.isAwaited = true
        let target = WatchTarget(path: path, settings: settings) {
            _ = try FileStatus.of(path)
            return try data.repository.addRoot(path, kind: .directory)
        } known: {
            nil
        }
        let service = try RunningService([.init(data.root), target], in: data.repository)
        try await waitAside(for: "the failure is told") { service.failedPaths == [path] }
        _ = try await next(service.ready)
        let page = try await metrics(of: data.repository)
        #expect(page.value("holdfast_protected", ["root": path.string]) == 0)
        #expect(page.value("holdfast_protected", ["root": data.root.path.string]) == 1)
        try await service.shutDown()
    }
}

extension WatcherStatus {
    /// Whether no counter is lower than that of the other one.
    fileprivate func isAtLeast(_ other: WatcherStatus) -> Bool {
        guard let flushes, let others = other.flushes, let commits, let coalesced, let gaps else {
            return false
        }
        return rescans >= other.rescans && audits >= other.audits && commits >= other.commits ?? .max
            && coalesced >= other.coalesced ?? .max && gaps >= other.gaps ?? .max
            && zip(flushes.counts, others.counts).allSatisfy { $0 >= $1 } && flushes.sum >= others.sum
    }
}
