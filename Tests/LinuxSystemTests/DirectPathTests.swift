import SystemPackage
import TestSupport
import Testing

@testable import LinuxSystem

@Suite("Direct paths")
struct DirectPathTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        try Directory.make(FilePath(folder.file("a/b")))
        try folder.write([1], to: "a/b/file")
        let script = "ln -s a link; ln -s file a/b/last; ln -s nowhere a/b/dangling; ln -s ../.. a/b/up"
        _ = try Command.run("sh", ["-ec", script], directory: folder.path)
    }

    private func path(_ name: String) -> FilePath { FilePath(folder.file(name)) }

    @Test("a file without a link in its path is opened, looked at and watched")
    func direct() throws {
        _ = try OpenFile(path("a/b/file"), .protected)
        #expect(try FileStatus.direct(path("a/b/file")) == FileStatus.of(path("a/b/file")))
        _ = try Inotify().watchDirect(path("a/b/file"), for: .modified)
        #expect(try Set(OpenDirectory(path("a/b")).names()) == ["file", "last", "dangling", "up"])
    }

    @Test(
        "a link in any component is refused",
        arguments: ["link/b/file", "a/b/last", "a/b/dangling", "a/b/up/a/b/file"]
    )
    func links(_ name: String) throws {
        #expect(throws: SystemError(.open, path(name), code: .tooManySymbolicLinkLevels)) {
            _ = try OpenFile(path(name), .protected)
        }
        // The kernel is asked, and each component by itself where it cannot be.
        for open in [DirectPath.open, DirectPath.openStepByStep] {
            #expect(open(path(name), Int32(OpenFile.Mode.protected.flags)) == -1)
        }
    }

    @Test("a link before the end is missing, one at the end is described itself")
    func status() throws {
        #expect(try FileStatus.directUnlessMissing(path("link/b/file")) == nil)
        #expect(try FileStatus.direct(path("a/b/last")).kind == .symbolicLink)
        #expect(try OpenDirectory(path("a/b")).status(of: "last").kind == .symbolicLink)
    }

    @Test("a directory behind a link is neither opened nor watched", arguments: ["link", "link/b", "a/b/up"])
    func directories(_ name: String) throws {
        #expect(throws: SystemError.self) { _ = try OpenDirectory(path(name)) }
        #expect(throws: SystemError.self) {
            _ = try Inotify().watchDirect(path(name).appending("x"), for: .modified)
        }
    }

    @Test("a directory that is held is watched and listed whatever has its name by then")
    func held() throws {
        let held = try OpenDirectory(path("a/b"))
        let other = try TemporaryDirectory()
        try other.write([2], to: "outside")
        _ = try Command.run("sh", ["-ec", "mv a/b a/c; ln -s \(other.path) a/b"], directory: folder.path)
        #expect(try !held.names().contains("outside"))
        let inotify = try Inotify()
        _ = try inotify.watch(held, for: .created)
        try other.write([3], to: "unseen")
        try folder.write([4], to: "a/c/seen")
        var names: [FilePath.Component?] = []
        while try inotify.read({ names.append($0.name) }) {}
        #expect(names == ["seen"])
    }

    @Test(
        "the way step by step comes to the same as the kernel's",
        arguments: ["a/b/file", "a/nothing", "a/b/file/x"]
    )
    func stepByStep(_ name: String) throws {
        let flags = OpenFile.Mode.protected.flags
        let (one, other) = (DirectPath.open(path(name), flags), DirectPath.openStepByStep(path(name), flags))
        #expect((one < 0) == (other < 0))
        for descriptor in [one, other] where descriptor >= 0 {
            #expect(try OpenFile(descriptor: descriptor, path: path(name)).status().sizeBytes == 1)
        }
    }
}
