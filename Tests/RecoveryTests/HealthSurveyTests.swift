import Foundation
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// The mirror changes while SQLite looks at it: what is found then is about no snapshot.
@Suite("A survey of the databases' health", .serialized)
struct HealthSurveyTests {
    enum Change: CaseIterable {
        /// Other bytes, through a mapping whose page is written to already: no time of the file changes
        /// (mmap(2)).
        case bytes
        /// The same bytes once more: only the times change.
        case times
    }

    /// SQLite takes seconds to see that no value is NULL.
    private static let slow = """
        CREATE TABLE t(i INTEGER PRIMARY KEY, n, g AS (length(hex(zeroblob(n)))) NOT NULL);
        WITH r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 80) INSERT INTO t SELECT i, 4000000 FROM r;
        """
    /// Within the first page, where nothing is kept.
    private static let place = 1000

    @Test(
        "gives no verdict on a mirror that changes meanwhile, and one when it is a snapshot again",
        arguments: Change.allCases
    )
    func changing(change: Change) throws {
        let folder = try TemporaryDirectory()
        try SQLite3.sql(Self.slow, on: folder.file("a.db"))
        let recorded = try RecordedRoot(in: folder.file("r"), protecting: folder.file("data"), .directory)
        let image = try folder.bytes(of: "a.db")
        try recorded.record("a.db", .database, image, at: .unix(10))
        let root = recorded.root
        let file = try #require(SnapshotIndex(root).entries(in: .root).first?.file)
        recorded.close()
        let mirror = root.mirrorPath(file)
        let mapping = try Mapping(mirror)
        mapping[Self.place] = image[Self.place]

        let survey = HealthSurvey(root)
        let meanwhile = try Look(survey)
        try wait(for: "SQLite") { try isOpenInSQLite(mirror) }
        switch change {
        case .bytes: mapping[Self.place] = 1
        case .times:
            try OpenFile(mirror, .update).write(unsafe image.span.bytes, at: 0)
        }
        #expect(try isOpenInSQLite(mirror), "it was too late")
        #expect(try meanwhile.verdicts() == 0)
        mapping[Self.place] = image[Self.place]
        #expect(try Look(survey).verdicts() == 1)
    }

    /// A survey on a thread of its own.
    private final class Look {
        private let result: VerdictCount
        private final class VerdictCount: Sendable {
            let count = Mutex<Result<Int, any Error>?>(nil)
        }

        init(_ survey: HealthSurvey) throws {
            let result = VerdictCount()
            self.result = result
            try WorkerThread.start("survey") {
                var (survey, count) = (survey, 0)
                let end = Result { try survey.run(stamp: "20260129-120000") { _ in count += 1 } }
                result.count.withLock { $0 = end.map { count } }
            }
        }

        /// How many there are in the end.
        func verdicts() throws -> Int {
            try wait(for: "the end") { result.count.withLock { $0 } != nil }
            return try result.count.withLock { try $0!.get() }
        }
    }

    /// Whether SQLite has it open, rather than what takes its digest, which opens without blocking
    /// (proc_pid_fdinfo(5)).
    private func isOpenInSQLite(_ path: FilePath) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").contains { number in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + number)
            guard target == path.string,
                let info = try? String(contentsOfFile: "/proc/self/fdinfo/" + number, encoding: .utf8),
                let flags = info.firstMatch(of: /flags:\s+([0-7]+)/).flatMap({ Int32($0.1, radix: 8) })
            else { return false }
            return flags & (O_NONBLOCK | O_ACCMODE) == O_RDONLY
        }
    }
}

/// A file, mapped to be written to.
@safe private final class Mapping {
    private let bytes: UnsafeMutableRawBufferPointer

    init(_ path: FilePath) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path.string))
        let size = Int(try FileStatus.of(path).sizeBytes)
        let start = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.fileDescriptor, 0)
        try #require(unsafe start != MAP_FAILED)
        unsafe bytes = UnsafeMutableRawBufferPointer(start: start, count: size)
    }

    deinit { unsafe _ = munmap(bytes.baseAddress, bytes.count) }

    subscript(_ place: Int) -> UInt8 {
        get { unsafe bytes[place] }
        set { unsafe bytes[place] = newValue }
    }
}
