import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("Open file", .serialized)
struct OpenFileTests {
    private let folder: TemporaryDirectory
    private var path: FilePath { FilePath(folder.file("a")) }

    init() throws { folder = try TemporaryDirectory() }

    @Test("writes and reads at a position, and stops at the end of the file")
    func positions() throws {
        let file = try OpenFile(path, .updateOrCreate)
        let text = Array("hello".utf8)
        try unsafe file.write(text.span.bytes, at: 3)
        var buffer = [UInt8](repeating: 9, count: 10)
        let got = try file.read(into: &buffer, count: 10, at: 2)
        #expect(got == 6)
        #expect(buffer == [0] + text + [9, 9, 9, 9])
        let beyond = try file.read(into: &buffer, count: 10, at: 100)
        #expect(beyond == 0)
    }

    @Test("reads across holes what a plain read gives", arguments: [0, 1, 4096, 1 << 20])
    func holes(tailBytes: UInt64) throws {
        let file = try OpenFile(path, .updateOrCreate)
        let text = Array("hello".utf8)
        try unsafe file.write(text.span.bytes, at: 3 << 20)
        try file.truncate(to: 5 << 20 + tailBytes)
        for start in stride(from: UInt64(0), to: 7 << 20, by: 512 << 10) {
            var expected = [UInt8](repeating: 9, count: 1 << 20)
            var found = expected
            let count = try file.read(into: &expected, count: expected.count, at: start)
            let got = try file.readSparse(into: &found, count: found.count, at: start)
            #expect(got == count, "at \(start)")
            #expect(found == expected, "at \(start)")
        }
    }

    @Test("makes files that only their owner can read")
    func mode() throws {
        _ = try OpenFile(path, .createNew)
        #expect(try FileStatus.of(path).permissions == 0o600)
        #expect(throws: SystemError(.open, path, code: .fileExists)) { _ = try OpenFile(path, .createNew) }
    }

    @Test("says what failed and on which file")
    func errors() {
        let error = #expect(throws: SystemError.self) { _ = try OpenFile("/nowhere/at/all", .protected) }
        #expect(error?.isMissing == true)
        #expect(error?.description == "cannot open /nowhere/at/all: No such file or directory")
    }

    @Test("escapes what would break a log line")
    func printable() {
        #expect(FilePath("/a\nb\u{1b}[31m").printable == "/a\\nb\\u{1B}[31m")
    }

    @Test("fails as a test wants it to")
    func faults() throws {
        let file = try OpenFile(path, .updateOrCreate)
        let bytes = [UInt8](repeating: 7, count: 100)
        defer { Faults.arm(nil) }
        Faults.arm { point, _ in point == .write ? .writesOnly(byteCount: 40) : nil }
        #expect(throws: SystemError(.write, path, code: .noSpace)) {
            try unsafe file.write(bytes.span.bytes, at: 0)
        }
        let size = try file.status().sizeBytes
        #expect(size == 40)
        Faults.arm { point, _ in point == .synchronise ? .fails(errno: 5) : nil }
        #expect(throws: SystemError(.synchronise, path, code: .ioError)) { try file.synchroniseData() }
        Faults.arm(nil)
        try file.synchroniseData()
    }

    @Test("a place that no file can have is an error", arguments: [1 << 63, .max, (1 << 63) - 5] as [UInt64])
    func place(_ offset: UInt64) throws {
        let folder = try TemporaryDirectory()
        let file = try OpenFile(FilePath(folder.file("a")), .createNew)
        var buffer = [UInt8](repeating: 0, count: 10)
        #expect(throws: SystemError.self) { _ = try file.read(into: &buffer, count: 10, at: offset) }
        #expect(throws: SystemError.self) { _ = try file.readSparse(into: &buffer, count: 10, at: offset) }
        #expect(throws: SystemError.self) { try file.write(unsafe buffer.span.bytes, at: offset) }
        #expect(try file.status().sizeBytes == 0)
    }

    @Test("an age is none before, and at most what can be said")
    func age() {
        #expect(Instant(nanoseconds: .max).age == .zero)
        #expect(Instant(nanoseconds: .min).age == .nanoseconds(Int64.max))
        #expect(Instant(nanoseconds: Instant.now.nanoseconds - 5_000_000_000).age >= .seconds(5))
    }
}
