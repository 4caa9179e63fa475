import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// A repository with one root, in a directory of its own.
struct TestRoot {
    let directory: TemporaryDirectory
    let root: RootDescription

    init() throws {
        directory = try TemporaryDirectory(prefix: "holdfast-repository")
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(directory.file("repository")))
        root = try repository.addRoot(FilePath(directory.file("protected")), kind: .directory)
    }

    init(_ directory: TemporaryDirectory, _ root: RootDescription) {
        self.directory = directory
        self.root = root
    }

    var segmentsPath: FilePath { root.directory.appending("segments") }

    var durableMark: FilePath { root.directory.appending("durable") }

    /// The segments, oldest first.
    func segments() throws -> [FilePath] {
        try Directory.names(in: segmentsPath).filter { $0.extension == "segment" }
            .map { segmentsPath.appending($0) }.sorted { $0.string < $1.string }
    }

    func bases() throws -> [FilePath] {
        try Directory.names(in: root.directory.appending("bases")).map {
            root.directory.appending("bases").appending($0)
        }
    }

    /// The image at a snapshot, rebuilt from the repository alone.
    func rebuild(
        _ file: FileID,
        at sequence: SequenceNumber
    ) throws -> (state: SnapshotState, bytes: [UInt8]) {
        let path = FilePath(directory.file("rebuilt"))
        if FileStatus.ifPresent(path) != nil { try Directory.remove(path) }
        let states = try ImageRebuilder(root).rebuildAll([file: path], at: sequence)
        return (try #require(states[file]).get(), try path.content())
    }

    func findings(readingData: Bool = true) throws -> [Finding] {
        var findings: [Finding] = []
        _ = try RootCheck(root).run(readingData: readingData) { findings.append($0) }
        return findings
    }

    func snapshots() throws -> [SnapshotRecord] {
        var records: [SnapshotRecord] = []
        try RootHistory(root).visit { if case .snapshot(let record) = $0 { records.append(record) } }
        return records
    }
}

extension FilePath {
    func content() throws -> [UInt8] {
        let file = try OpenFile(self, .read)
        var bytes = [UInt8](repeating: 0, count: Int(try file.status().sizeBytes))
        let got = try file.read(into: &bytes, count: bytes.count, at: 0)
        return Array(bytes[..<got])
    }

    func replaceContent(_ bytes: [UInt8]) throws {
        let file = try OpenFile(self, .updateOrCreate)
        try file.truncate(to: 0)
        try file.write(unsafe bytes.span.bytes, at: 0)
    }

    func flipByte(at offset: Int, by mask: UInt8 = 0x40) throws {
        let file = try OpenFile(self, .update)
        var byte: [UInt8] = [0]
        _ = try file.read(into: &byte, count: 1, at: UInt64(offset))
        byte[0] ^= mask
        try file.write(unsafe byte.span.bytes, at: UInt64(offset))
    }
}
