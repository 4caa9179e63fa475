import Foundation
import LinuxSystem
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("Names in a directory that is held")
struct DirectoryEntryTests {
    private let folder: TemporaryDirectory
    private let held: OpenDirectory

    /// A directory that is held, and has been moved since: a link to another one with the same names has its
    /// name.
    init() throws {
        folder = try TemporaryDirectory()
        let files = "a/1 a/2 a/tree/1; echo out | tee outside/1 outside/2 outside/tree/1"
        try Self.shell("mkdir -p a/tree outside/tree; echo in | tee \(files)", folder)
        held = try OpenDirectory(FilePath(folder.file("a")))
        try Self.shell("mv a moved; ln -s outside a", folder)
    }

    @discardableResult
    private static func shell(_ script: String, _ folder: TemporaryDirectory) throws -> String {
        let result = try Command.run("sh", ["-ec", script], directory: folder.path)
        guard result.status == 0 else { throw CommandFailure(command: script, result: result) }
        return result.stdout
    }

    @discardableResult
    private func shell(_ script: String) throws -> String { try Self.shell(script, folder) }

    private func entry(_ name: FilePath.Component) -> DirectoryEntry { DirectoryEntry(name, in: held) }

    @Test("each change is made in the directory itself, whatever has its name by then")
    func changes() throws {
        let outside = "find outside -printf '%p %i %m %s\n' | sort"
        let before = try shell(outside)
        try entry("new").makeDirectory()
        try entry("1").rename(to: entry("3"))
        try entry("4").addName(to: entry("3"))
        try entry("3").renameToNew(entry("5"))
        try entry("2").remove()
        _ = try OpenFile(entry("made"), .createNew)
        _ = try OpenFile(held.heldPath.appending("made too"), .createNew)
        try entry("tree").removeTree()
        try held.synchronise()
        #expect(try held.opened().status() == held.status())
        #expect(try shell("ls moved") == "4\n5\nmade\nmade too\nnew\n")
        #expect(try shell(outside) == before)
        try held.removeContent()
        #expect(try shell("ls moved") == "")
        #expect(try shell(outside) == before)
    }

    @Test("a name that is in use is not taken")
    func taken() throws {
        #expect(throws: SystemError(.create, entry("2").path, code: .fileExists)) {
            try entry("1").renameToNew(entry("2"))
        }
        #expect(try shell("ls moved") == "1\n2\ntree\n")
    }

    @Test("a link that has the name itself is not followed, but removed")
    func links() throws {
        try shell("ln -s ../outside moved/link; ln -s ../outside/1 moved/file")
        #expect(try entry("link").status().kind == .symbolicLink)
        #expect(throws: SystemError(.inspect, entry("link").path, code: .notDirectory)) {
            _ = try OpenDirectory(entry("link"))
        }
        for mode in [OpenFile.Mode.protected, .read, .update, .updateOrCreate] {
            #expect(throws: SystemError(.open, entry("file").path, code: .tooManySymbolicLinkLevels)) {
                _ = try OpenFile(entry("file"), mode)
            }
        }
        for name in ["link", "file"] as [FilePath.Component] { try entry(name).removeTree() }
        #expect(try shell("ls moved; cat outside/1 outside/tree/1") == "1\n2\ntree\nout\nout\n")
    }

    @Test("a directory that becomes a link while it is emptied has nothing removed behind the link")
    func treeMeanwhile() throws {
        try shell("mkdir -p top; mv moved top/sub")
        let top = folder.file("top")
        let isSwapped = Mutex(false)
        Faults.arm { point, _ in
            guard point == .remove else { return nil }
            isSwapped.withLock {
                guard !$0 else { return }
                try? FileManager.default.moveItem(atPath: top + "/sub", toPath: top + "-moved")
                try? FileManager.default.createSymbolicLink(
                    atPath: top + "/sub",
                    withDestinationPath: "../outside"
                )
                $0 = true
            }
            return nil
        }
        defer { Faults.arm(nil) }
        // The link is no directory.
        #expect(throws: SystemError(.remove, FilePath(top + "/sub"), code: .notDirectory)) {
            try Directory.removeTree(FilePath(top))
        }
        Faults.arm(nil)
        #expect(
            try shell("ls top-moved; find outside | sort")
                == "outside\noutside/1\noutside/2\noutside/tree\noutside/tree/1\n"
        )
        try Directory.removeTree(FilePath(top))
        #expect(try shell("ls") == "a\noutside\ntop-moved\n")
    }
}
