import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Failed creation")
struct FailedCreationTests {
    @Test(
        "whichever call fails, the next try ends with one repository, one root and the first snapshot",
        arguments: Fault.codes,
        [false, true]
    )
    func creation(code: Errno, failsOn: Bool) throws {
        for index in 0..<200 {
            let directory = try TemporaryDirectory()
            let path = FilePath(directory.file("deep/repository"))
            let faults = NthFails(index, .fails(errno: code.rawValue), failsOn: failsOn)
            Faults.arm { point, _ in faults.plan(point) }
            do { _ = try Self.firstSnapshot(path) } catch is SystemError {}
            Faults.arm(nil)
            let (root, file) = try Self.firstSnapshot(path)
            let roots = try RepositoryDirectory(at: path).roots()
            #expect(roots.usable == [root] && roots.damaged.isEmpty, "call \(index)")
            let test = TestRoot(directory, root)
            let last = try #require(test.snapshots().last).state.sequence
            #expect(try test.rebuild(file, at: last).bytes == Self.content, "call \(index)")
            #expect(try test.findings() == [], "call \(index)")
            guard faults.hasFired else { return }
        }
        Issue.record("there are no two hundred calls")
    }

    private static let content = [UInt8](repeating: 7, count: 512)

    /// What a watcher does of a repository that is not there yet.
    private static func firstSnapshot(_ path: FilePath) throws -> (RootDescription, FileID) {
        let repository = try RepositoryDirectory.openOrCreate(at: path)
        let root = try repository.addRoot("/protected", kind: .directory)
        let writer = try RootWriter(root: root)
        let file = writer.files.values.first { $0.name == "a" }?.id ?? writer.declare(name: "a", kind: .plain)
        let size = PageSize(bytes: 512)!
        var pages = PageSet(pageSize: size)
        pages.append(PageNumber(1), unsafe content.span.bytes)
        let shape = ImageSize(pageSize: size, byteCount: UInt64(content.count))!
        let isNew = writer.files[file]?.last == nil
        _ = try writer.stage(
            Changes(file: file, time: .now, event: .scan, shape: shape, startsFresh: isNew, pages: pages)
        )
        _ = try writer.flush()
        return (root, file)
    }
}
