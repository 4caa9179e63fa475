import Foundation
import LinuxSystem
import RepositoryFormat
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Which file has a name")
struct FilePresenceTests {
    private let start = MonotonicInstant.now
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func status(_ name: String, _ bytes: [UInt8] = []) throws -> FileStatus {
        try FileStatus.of(FilePath(folder.write(bytes, to: name)))
    }

    @Test("another file of the same name replaces the first; one after a deletion is a first one")
    func replaced() throws {
        var presence = FilePresence("a.db", .plain)
        let (one, two) = (try status("one"), try status("two"))
        #expect(presence.found(one) == .first)
        #expect(presence.found(one) == .same)
        #expect(presence.found(two) == .replaced)
        presence.deleted()
        #expect(!presence.isThere)
        #expect(presence.found(two) == .first)
    }

    @Test("a name that is missing for a moment is not deleted")
    func grace() throws {
        var presence = FilePresence("a.db", .plain)
        let isDeletedAtOnce = presence.isDeleted(start)
        #expect(!isDeletedAtOnce && presence.isGone)
        let isDeletedEarly = presence.isDeleted(start.advanced(by: .milliseconds(49)))
        #expect(!isDeletedEarly)
        let isDeleted = presence.isDeleted(start.advanced(by: .milliseconds(50)))
        #expect(isDeleted)
        _ = presence.found(try status("one"))
        let isDeletedAgain = presence.isDeleted(start.advanced(by: .seconds(9)))
        #expect(!isDeletedAgain, "the time begins anew")
    }

    @Test("a file with other names is watched itself, once")
    func watched() throws {
        var presence = FilePresence("a.db", .plain)
        let alone = try status("one")
        #expect(presence.saw(alone) == nil)
        try FileManager.default.linkItem(atPath: folder.file("one"), toPath: folder.file("two"))
        let linked = try FileStatus.of(FilePath(folder.file("one")))
        #expect(presence.saw(linked) == linked.identity)
        #expect(presence.saw(linked) == nil)
        _ = presence.isDeleted(start)
        #expect(!presence.isGone, "it may be written under its other name")
    }

    @Test("content that was just captured may have been written again at the same time")
    func fresh() throws {
        let seen = ContentStamp(try status("one", [1, 2, 3]))
        var content = SeenContent()
        #expect(!content.isUnchanged(seen, wholeBytes: 10))
        content.capturedQuiescent(seen, at: Instant(nanoseconds: seen.modified + 1_000_000))
        #expect(!content.isUnchanged(seen, wholeBytes: 10))
        #expect(content.isUnchanged(seen, wholeBytes: 2), "a large file is left to the audit")
        content.capturedQuiescent(seen, at: Instant(nanoseconds: seen.modified + 1_000_000_000))
        #expect(content.isUnchanged(seen, wholeBytes: 10))
    }

    @Test("a change without an event is noticed once, and only of what was captured")
    func noticed() throws {
        let (before, after) = (ContentStamp(try status("one")), ContentStamp(try status("two", [1])))
        var content = SeenContent()
        var isNews = content.noticesChange(after)
        #expect(!isNews)
        content.captured(before)
        isNews = content.noticesChange(after)
        #expect(isNews)
        isNews = content.noticesChange(after)
        #expect(!isNews)
    }
}
