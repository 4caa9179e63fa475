import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("What is left out of a root")
struct OmissionsTests {
    private let folder: TemporaryDirectory
    private let notices = Notices()
    private let context: CaptureContext
    private let places: RootPlaces
    private var meter: StatusMeter { context.meter }

    init() throws {
        folder = try TemporaryDirectory()
        try Directory.make(FilePath(folder.file("data")))
        let meter = StatusMeter { [notices] in notices.add($0) }
        context = CaptureContext(mirrors: FilePath(folder.file("mirror")), meter: meter)
        places = try RootPlaces(at: folder.file("data"), .directory, meter)
    }

    private var allSaid: [LeftOut] {
        notices.all.compactMap { if case .leftOut(let leftOut) = $0 { leftOut } else { nil } }
    }

    /// What is said of what was left out since the last time.
    private func said() -> [LeftOut] {
        let before = allSaid.count
        meter.reportLeftOut()
        return Array(allSaid.dropFirst(before))
    }

    /// Catches a file that counts as deleted since it could not be seen for a moment.
    @Test("a name that cannot be asked for is left out, and said, and asked for again within a second")
    func unseen() throws {
        // The path is longer than the kernel takes, of which it does not say that there is no such file.
        let name = FilePath(String(repeating: "d/", count: 2100) + "x")
        var omissions = Omissions(context)
        let before = MonotonicInstant.now
        var status = omissions.status(of: name, places)
        #expect(status == nil && omissions.unseen == [name])
        #expect(Set(meter.current.leftOut.keys) == [places.path(of: name).printable])
        let check = try #require(omissions.nextCheck)
        #expect(check >= before.advanced(by: .seconds(1)) && check <= .now.advanced(by: .seconds(1)))
        status = omissions.status(of: name.appending("y"), places)
        #expect(status == nil && omissions.unseen.count == 2)
        #expect(omissions.nextCheck == check, "the next one waits for no later one")
        omissions.checksAgain()
        #expect(omissions.nextCheck == nil)
        #expect(said().map(\.isTrouble) == [true])
    }

    /// Catches a watcher that stays degraded for a file that is captured again, or gone.
    @Test("a name that can be asked for again is left out no more, file or none", arguments: [true, false])
    func seenAgain(isThere: Bool) throws {
        var omissions = Omissions(context)
        let error = SystemError(.inspect, places.path(of: "x"), code: .permissionDenied)
        omissions.couldNotSee("x", error, places)
        #expect(meter.current.leftOut.count == 1)
        if isThere { try folder.write([1], to: "data/x") }
        let status = omissions.status(of: "x", places)
        #expect(status?.kind == (isThere ? .regular : nil))
        #expect(omissions.unseen.isEmpty && meter.current.leftOut.isEmpty)
    }

    /// Catches a directory that the slow round does not try again, or tries for ever.
    @Test("a directory that cannot be listed is left out, and said, until it is taken in")
    func directory() {
        var omissions = Omissions(context)
        let error = SystemError(.list, places.path(of: "sub"), code: .permissionDenied)
        omissions.leaveOut(directory: "sub", error, places)
        omissions.takeIn("other", places)
        #expect(omissions.directories == ["sub"])
        #expect(said().map(\.examples) == [[places.path(of: "sub").printable]])
        omissions.takeIn("sub", places)
        #expect(omissions.directories.isEmpty && meter.current.leftOut.isEmpty)
    }

    /// Catches a status that is silent about what is not protected, and a log that has one line after the
    /// other about the same socket.
    @Test("what is left out by design is no trouble, is in the status, and is said once while it is there")
    func designed() {
        var omissions = Omissions(context)
        let socket = places.path(of: "s")
        omissions.leaveOut("s", .special(.socket), places)
        #expect(meter.current.designed == [socket: .special(.socket)])
        #expect(said().map(\.isTrouble) == [false])
        omissions.leaveOut("s", .special(.socket), places)
        #expect(said().isEmpty)
        omissions.takeIn("s", places)
        #expect(omissions.designed.isEmpty && meter.current.designed.isEmpty)
        omissions.leaveOut("s", .special(.pipe), places)
        #expect(said().map(\.text) == ["\(socket.printable) is a pipe: left out"])
    }

    @Test("pipes and sockets that come after the first capture are only in the status; repositories are said")
    func laterOnes() {
        var omissions = Omissions(context)
        omissions.firstCaptureIsOver()
        omissions.leaveOut("p", .special(.pipe), places)
        #expect(said().isEmpty)
        #expect(meter.current.designed[places.path(of: "p")] == .special(.pipe))
        omissions.leaveOut("copy", .repository, places)
        #expect(said().map(\.examples) == [[places.path(of: "copy").printable]])
    }

    /// Catches a status that names what went while nobody watched.
    @Test("when all is listed anew, only what is found again is left out by design; it is not said again")
    func anew() {
        var omissions = Omissions(context)
        omissions.leaveOut("one", .repository, places)
        omissions.leaveOut("two", .repository, places)
        #expect(said().map(\.count) == [2])
        omissions.forgetDesigned()
        omissions.leaveOut("two", .repository, places)
        #expect(omissions.designed == ["two": .repository])
        #expect(meter.current.designed == [places.path(of: "two"): .repository])
        #expect(said().isEmpty)
    }

    /// Catches somebody who believes that a database is protected, since its link is.
    @Test("a link to a database outside of the root is said with the database, one to a file in it is not")
    func links() throws {
        let database = folder.file("a.db")
        try SQLite3.sql("CREATE TABLE t(i);", on: database)
        try folder.copy("a.db", to: "data/b.db")
        let (outside, inside) = (folder.file("data/outside"), folder.file("data/inside"))
        try FileManager.default.createSymbolicLink(atPath: outside, withDestinationPath: database)
        try FileManager.default.createSymbolicLink(atPath: inside, withDestinationPath: "b.db")
        var omissions = Omissions(context)
        omissions.leaveOut("outside", .link, places)
        omissions.leaveOut("inside", .link, places)
        // Both are said when it is known where they lead.
        try wait(for: "what is said of the links") { allSaid.count == 2 }
        let said = Dictionary(uniqueKeysWithValues: allSaid.map { ($0.examples, $0.text) })
        #expect(Set(said.keys) == [[outside], [inside]])
        #expect(said[[outside]]?.contains(database) == true)
        #expect(meter.current.linkedDatabases == [FilePath(outside): FilePath(database)])
    }
}
