import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport

@testable import Capture

/// A recorder with a repository of its own. What the observer would put is put by the test.
final class RecordedQueue: Sendable {
    let root: RootDescription
    let queue = CaptureQueue()
    let answers = DurabilityWaiters()
    let notices = Notices()
    let meter: StatusMeter
    let disk = FullDisk()
    let loop: EventLoop
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        let data = FilePath(folder.file("data"))
        try Directory.make(data)
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(folder.file("repository")))
        root = try repository.addRoot(data, kind: .directory)
        meter = StatusMeter { [notices] in notices.add($0) }
        // One thread, which is the one that sees the disk full.
        loop = try EventLoop("recorder")
    }

    deinit { loop.stop() }

    /// Records until the queue is closed, or until it fails. Whoever waits for a barrier then waits no more.
    ///
    /// - Parameter pause: after a flush the next one comes so late, unless something is in a hurry.
    func run(pause: Duration = .zero, isPatient: Bool = true) async throws {
        do {
            try await withTaskExecutorPreference(loop) { try await record(pause, isPatient) }
        } catch {
            answers.fail(error)
            throw error
        }
        answers.fail(CancellationError())
    }

    private func record(_ pause: Duration, _ isPatient: Bool) async throws {
        let recorder = Recorder(
            writer: try RootWriter(root: root),
            compactor: Compactor(root, meter: meter, retention: nil),
            queue: queue,
            loop: loop,
            meter: meter,
            answers: answers,
            debounce: Debounce(quiet: pause, maximumDelay: pause),
            isPatient: isPatient,
            idleDelay: .seconds(600),
            onDurable: nil
        )
        disk.arm()
        defer { Faults.arm(nil) }
        try await recorder.run()
    }

    /// Waits until all steps of the file that were put are durable, but not for longer than `limit`.
    func isSettled(_ file: FileID, within limit: Duration) async -> Bool {
        let deadline = MonotonicInstant.now.advanced(by: limit)
        while !queue.isSettled(file), MonotonicInstant.now < deadline {
            _ = await queue.observerSignal.wait(until: deadline, on: loop)
        }
        return queue.isSettled(file)
    }

    /// The first byte of the file as of a snapshot, rebuilt from the repository alone.
    func content(of file: FileID, at sequence: SequenceNumber) throws -> UInt8 {
        let output = FilePath(folder.file("restored-\(file)-\(sequence)"))
        _ = try ImageRebuilder(root).rebuildAll([file: output], at: sequence)[file]?.get()
        var byte: [UInt8] = [0]
        _ = try OpenFile(output, .read).read(into: &byte, count: 1, at: 0)
        return byte[0]
    }

    /// What a check that reads everything finds.
    func findings() throws -> [Finding] {
        var findings: [Finding] = []
        _ = try RootCheck(root).run(readingData: true) { findings.append($0) }
        return findings
    }
}

extension Changes {
    /// A whole snapshot of a file of that size, whose first page has that content.
    init(
        _ file: FileID,
        _ shape: ImageSize,
        _ content: UInt8,
        pageSize: PageSize? = nil,
        startsFresh: Bool = false
    ) {
        var pages = PageSet(pageSize: pageSize ?? shape.pageSize)
        let bytes = [UInt8](repeating: content, count: pages.pageSize.bytes)
        unsafe pages.append(PageNumber(1), bytes.span.bytes)
        self.init(
            file: file,
            time: .now,
            event: .scan,
            shape: shape,
            startsFresh: startsFresh,
            pages: pages,
            closesUnfinished: true
        )
    }
}
