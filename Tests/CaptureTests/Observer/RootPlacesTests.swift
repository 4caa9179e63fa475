import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Where a root and its directories are")
struct RootPlacesTests {
    private let folder: TemporaryDirectory
    private let meter = StatusMeter { _ in }
    private let start = MonotonicInstant.now

    init() throws {
        folder = try TemporaryDirectory()
        try Directory.make(FilePath(folder.file("data/sub")))
    }

    private func after(_ milliseconds: Int) -> MonotonicInstant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    private func path(_ name: String) -> FilePath { FilePath(folder.file(name)) }

    /// Makes `name` lead to the directory, or file, `target` beside it, whether or not it led elsewhere.
    private func link(_ name: String, to target: String) throws {
        try? Directory.remove(path(name))
        try FileManager.default.createSymbolicLink(
            atPath: folder.file(name),
            withDestinationPath: folder.file(target)
        )
    }

    /// Catches a history of deletions where somebody only moves a directory for a moment.
    @Test("a root that is gone is said, and only after two seconds its files count as deleted, once")
    func missing() throws {
        var places = try RootPlaces(at: folder.file("data"), .directory, meter)
        let known = try places.identity()
        var finding = places.checkRoot(known, start)
        #expect(finding == .same && !places.isUnavailable(file: "a.db"))

        try Directory.rename(path("data"), to: path("away"))
        for time in [start, after(1), after(1999)] {
            finding = places.checkRoot(known, time)
            #expect(finding == .missing && places.isRootMissing)
            #expect(places.isUnavailable("") && places.isUnavailable("sub"))
            #expect(places.isUnavailable(file: "a.db"), "it may come back")
        }
        #expect(meter.current.trouble?.contains("bring it back") == true)
        finding = places.checkRoot(known, after(2000))
        #expect(finding == .deleted)
        #expect(!places.isUnavailable(file: "a.db"), "its deletion is to be recorded")
        finding = places.checkRoot(known, after(9000))
        #expect(finding == .missing && meter.current.trouble != nil)
    }

    /// Catches a root that is back and stays unprotected.
    @Test("a root that is back is listed again, also when it is the same one", arguments: [1000, 3000])
    func back(later: Int) throws {
        var places = try RootPlaces(at: folder.file("data"), .directory, meter)
        let known = try places.identity()
        try Directory.rename(path("data"), to: path("away"))
        for time in [0, later] { _ = places.checkRoot(known, after(time)) }
        try Directory.rename(path("away"), to: path("data"))
        var finding = places.checkRoot(known, after(later))
        #expect(finding == .replaced("the root was moved or replaced"))
        #expect(!places.isRootMissing && !places.isUnavailable("sub") && meter.current.trouble == nil)
        finding = places.checkRoot(known, after(later))
        #expect(finding == .same)
    }

    @Test("another directory in the place of the root is listed")
    func replaced() throws {
        var places = try RootPlaces(at: folder.file("data"))
        let known = try places.identity()
        try Directory.rename(path("data"), to: path("away"))
        try Directory.make(path("data"))
        let finding = places.checkRoot(known, start)
        #expect(finding == .replaced("the root was moved or replaced"))
    }

    /// Catches a watcher that goes on with the directory of before: a deployment by link is not captured.
    @Test("a link to the root is followed when it leads elsewhere, and to the same directory elsewhere")
    func linked() throws {
        try Directory.make(path("other"))
        try link("root", to: "data")
        var places = try RootPlaces(at: folder.file("root"))
        #expect(places.path == path("data") && places.path(of: "a.db") == path("data/a.db"))
        #expect(places.ancestors.contains(path("root")), "it is watched")
        #expect(!places.ancestors.contains(path("data")), "it is watched anyway")
        try link("root", to: "other")
        var finding = places.checkRoot(try FileStatus.of(path("data")).identity, start)
        #expect(finding == .replaced("the root was moved or replaced"))
        #expect(places.path(of: "a.db") == path("other/a.db"))

        try Directory.rename(path("other"), to: path("moved"))
        try link("root", to: "moved")
        finding = places.checkRoot(try FileStatus.of(path("moved")).identity, start)
        #expect(finding == .replaced("the root was moved or replaced"))
        #expect(places.path(of: "a.db") == path("moved/a.db"))
    }

    /// Catches a directory whose files count as deleted since it could not be seen for a moment.
    @Test("a directory that is gone, or another one, is found; one that cannot be asked for is the same")
    func directories() throws {
        var places = try RootPlaces(at: folder.file("data"))
        let known = try places.identity(of: "sub")
        var finding = places.check("sub", known)
        #expect(finding == .same)
        // The path is longer than the kernel takes, of which it does not say that there is nothing.
        finding = places.check(FilePath(String(repeating: "d/", count: 2100) + "x"), known)
        #expect(finding == .same)
        try Directory.rename(path("data/sub"), to: path("data/away"))
        finding = places.check("sub", known)
        #expect(finding == .gone)
        try Directory.make(path("data/sub"))
        finding = places.check("sub", known)
        #expect(finding == .replaced)
        try Directory.removeEmpty(path("data/sub"))
        try folder.write([1], to: "data/sub")
        finding = places.check("sub", known)
        #expect(finding == .gone, "a file has its name")
    }

    /// Catches a history whose name changes with what a link leads to, and one that takes in the neighbours.
    @Test("a root that is one file behind a link has the name of the link in its history, and no other file")
    func oneFile() throws {
        try folder.write([1], to: "data/real.db")
        try link("app.db", to: "data/real.db")
        let places = try RootPlaces(at: folder.file("app.db"), .file)
        #expect(places.path(of: "anything") == path("data/real.db"))
        #expect(places.historyName("real.db") == "app.db")
        #expect(places.historyName("app.db") == nil && places.historyName("other.db") == nil)
        #expect(!places.ancestors.contains(path("data")), "the directory of the file is watched anyway")
        let directory = try RootPlaces(at: folder.file("data"))
        #expect(directory.historyName("real.db") == "real.db")
    }

    /// Catches a file that is made anew in another directory, and is not captured there.
    @Test("a root that is one file may be gone: it is where it would be made")
    func missingFile() throws {
        try Directory.make(path("other"))
        try folder.write([1], to: "data/a.db")
        try link("place", to: "data")
        var places = try RootPlaces(at: folder.file("place/a.db"), .file)
        #expect(places.path == path("data/a.db"))
        let known = try FileStatus.of(path("data")).identity
        try Directory.remove(path("data/a.db"))
        var finding = places.checkRoot(known, start)
        #expect(finding == .same, "its directory is there")
        try link("place", to: "other")
        finding = places.checkRoot(known, start)
        #expect(finding == .replaced("the root was moved or replaced"))
        #expect(places.path == path("other/a.db"))
    }
}

@Suite(
    "Where a file system was that is unmounted",
    .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
)
struct UnmountedPlacesTests {
    private let folder: TemporaryDirectory
    private let meter = StatusMeter { _ in }

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func mount(_ name: String) throws -> SmallFileSystem {
        try SmallFileSystem(folder.file(name), byteCount: 1 << 20)
    }

    /// Unmounts what is at the directory, which stays.
    private func unmount(_ disk: inout SmallFileSystem?) throws {
        try #require(disk != nil)
        disk = nil
    }

    /// Catches a disk that is unmounted, and whose files count as deleted; and one that is back, or another,
    /// and stays unprotected.
    @Test("a root is unavailable while its empty directory is all that is left, and that is said")
    func root() throws {
        var disk: SmallFileSystem? = try mount("data")
        var places = try RootPlaces(at: folder.file("data"), .directory, meter)
        let known = try places.identity()
        try unmount(&disk)
        for _ in 1...2 {
            let finding = places.checkRoot(known, .now)
            #expect(finding == .same)
            #expect(places.isUnavailable("") && places.isUnavailable(file: "sub/a.db"))
            #expect(!places.isRootMissing)
        }
        #expect(meter.current.trouble?.contains("unmounted: mount it again") == true)
        // Somebody works on without the disk.
        try folder.write([1], to: "data/a.db")
        let finding = places.checkRoot(known, .now)
        #expect(finding == .replaced("the root's file system was unmounted"))
        #expect(!places.isUnavailable(file: "a.db") && meter.current.trouble == nil)
    }

    @Test("a directory in the root is unavailable alone, until it is mounted again")
    func directory() throws {
        try Directory.make(FilePath(folder.file("data")))
        var disk: SmallFileSystem? = try mount("data/sub")
        var places = try RootPlaces(at: folder.file("data"), .directory, meter)
        let known = try places.identity(of: "sub")
        try unmount(&disk)
        var finding = places.check("sub", known)
        #expect(finding == .same)
        #expect(places.isUnavailable("sub") && places.isUnavailable("sub/deep"))
        #expect(places.isUnavailable(file: "sub/a.db"))
        #expect(!places.isUnavailable("subway") && !places.isUnavailable(file: "a.db"))
        #expect(meter.current.trouble?.contains("unmounted: mount it again") == true)
        try Directory.removeEmpty(FilePath(folder.file("data/sub")))
        let again = try mount("data/sub")
        finding = places.check("sub", known)
        #expect(finding == .replaced)
        #expect(!places.isUnavailable("sub") && meter.current.trouble == nil)
        withExtendedLifetime(again) {}
    }

    @Test("a directory whose place is removed is forgotten: another one of its name is available")
    func forgotten() throws {
        try Directory.make(FilePath(folder.file("data")))
        var disk: SmallFileSystem? = try mount("data/sub")
        var places = try RootPlaces(at: folder.file("data"))
        let known = try places.identity(of: "sub")
        try unmount(&disk)
        _ = places.check("sub", known)
        #expect(places.isUnavailable(file: "sub/a.db"))
        try Directory.removeEmpty(FilePath(folder.file("data/sub")))
        let finding = places.check("sub", known)
        #expect(finding == .gone)
        places.forget("sub")
        #expect(!places.isUnavailable(file: "sub/a.db"))
    }
}
