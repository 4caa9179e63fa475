import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Remote
@testable import RepositoryWriter

@Suite("Objects for the next batch")
struct StagedObjectsTests {
    @Test(
        "killed at any request of an upload, the next start sends only what is missing",
        arguments: [false, true]
    )
    func killed(isSealed: Bool) async throws {
        var (request, wasAmid) = (0, false)
        while true {
            request += 1
            let place = try StagingPlace(isSealed: isSealed)
            guard try await place.shipKilled(at: request) else { break }
            let sent = place.bucket.partBytes
            try await place.ship()
            let comment = "killed at request \(request)"
            try await place.expectRestorable(comment)
            #expect(place.data.count == 1, "\(comment)")
            #expect(place.bucket.partBytes < StagingPlace.baseBytes + 2 * place.partBytes, "\(comment)")
            // Of an upload whose name the killed one never heard, nobody knows.
            #expect(place.bucket.uploads("").count <= (sent == 0 ? 1 : 0), "\(comment)")
            wasAmid = wasAmid || sent > 2 * place.partBytes && sent < StagingPlace.baseBytes - place.partBytes
        }
        #expect(wasAmid)
    }

    @Test("killed twice in one upload, the third start ends it", arguments: [false, true])
    func killedTwice(isSealed: Bool) async throws {
        let place = try StagingPlace(isSealed: isSealed)
        for request in [6, 5] { #expect(try await place.shipKilled(at: request)) }
        let begun = try #require(place.bucket.uploads("").first?.name)
        try await place.ship()
        try await place.expectRestorable()
        #expect(place.data == [begun] && place.bucket.uploads("").isEmpty)
    }

    @Test("an upload goes on though another file comes before it now")
    func otherFile() async throws {
        let place = try StagingPlace(isSealed: false, segmentLimit: 300_000)
        #expect(try await place.shipKilled(at: 6))
        let begun = try #require(place.bucket.uploads("").first?.name)
        // The segments are sealed, and large enough for parts of their own.
        for seed in 1...12 { try place.shipped.record("a", bytes(UInt64(seed), 60_000)) }
        try RootCompaction(place.shipped.root).run()
        try await place.ship()
        #expect(place.data.count > 1 && place.data.contains(begun))
        try await place.expectRestorable()
    }

    @Test(
        "objects that are complete are not written again: large ones, and small ones but for the last",
        arguments: [(bases: 8, baseBytes: 1_500_000, request: 40), (60, 190_000, 56)]
    )
    func complete(bases: Int, baseBytes: Int, request: Int) async throws {
        let place = try StagingPlace(isSealed: true, bases: bases, baseBytes: baseBytes)
        #expect(try await place.shipKilled(at: request))
        let before = place.data
        #expect(before.count >= bases / 2 && before.count < bases)
        try await place.ship()
        let again = place.data.count - bases
        let mayBeLost = baseBytes > place.partBytes ? 0 : max(place.partBytes, bases * baseBytes / 16)
        #expect(again >= 0 && again * baseBytes <= mayBeLost, "\(again)")
        try await place.expectRestorable()
    }

    @Test("an object that somebody has removed, or cut, is written again", arguments: [true, false])
    func removed(isGone: Bool) async throws {
        let place = try StagingPlace(isSealed: false, bases: 3)
        #expect(try await place.shipKilled(at: 30))
        let lost = try #require(place.data.first)
        place.bucket.replace(lost, by: isGone ? nil : [1, 2, 3])
        try await place.ship()
        #expect(place.data.filter { $0 != lost }.count == 3)
        try await place.expectRestorable()
    }

    @Test("for other readers all is sealed anew, and what was begun is ended", arguments: ["two", nil])
    func otherReaders(readers: String?) async throws {
        let place = try StagingPlace(isSealed: true, bases: 2)
        // Amid the second one.
        #expect(try await place.shipKilled(at: 15, readers: "one"))
        let before = place.data
        #expect(before.count == 1 && place.bucket.uploads("").count == 1)
        try await place.ship(readers: readers)
        #expect(place.data.count == 3 && place.bucket.uploads("").isEmpty)
        try await place.expectRestorable()
    }

    @Test("where nobody may go on, no key is noted, and what was begun is ended")
    func passphrase() async throws {
        let place = try StagingPlace(isSealed: true)
        for _ in 0..<2 {
            #expect(try await place.shipKilled(at: 6, readers: nil))
            #expect(try place.note.contains("\"upload\"") && !place.note.contains("\"key\""))
            #expect(place.bucket.uploads("").count == 1)
        }
        try await place.ship(readers: nil)
        #expect(place.bucket.uploads("").isEmpty)
        try await place.expectRestorable()
    }

    @Test("the key of an object that is under way is for this user alone, and goes when it is complete")
    func key() async throws {
        let place = try StagingPlace(isSealed: true)
        #expect(try await place.shipKilled(at: 6))
        #expect(try place.note.contains("\"key\""))
        #expect(try FileStatus.of(place.notePath, followingLinks: false).permissions == 0o600)
        try await place.ship()
        #expect(FileStatus.ifPresent(place.notePath) == nil)
    }

    @Test("a file with other content under the same stamp goes on with no upload", arguments: [false, true])
    func otherContent(isSealed: Bool) async throws {
        // Before the last part that was noted, and in it.
        for offset in [5_000, 850_000] as [UInt64] {
            let place = try StagingPlace(isSealed: isSealed)
            #expect(try await place.shipKilled(at: isSealed ? 7 : 8))
            let began = try #require(place.bucket.uploads("").first?.name)
            try place.changeBase(at: offset)
            try await place.ship()
            #expect(place.data.count == 1 && place.data != [began] && place.bucket.uploads("").isEmpty)
            try await place.expectObjectIsBase()
        }
    }

    @Test(
        "an upload whose parts the store does not tell, or has lost, is begun anew",
        arguments: [true, false]
    )
    func unknownParts(isForbidden: Bool) async throws {
        let place = try StagingPlace(isSealed: false)
        #expect(try await place.shipKilled(at: 6))
        let begun = try #require(place.bucket.uploads("").first)
        if !isForbidden { place.bucket.losePart(1, of: begun.upload) }
        try await place.ship(refusing: isForbidden ? .forbidden : nil)
        #expect(place.data.count == 1 && place.data != [begun.name] && place.bucket.uploads("").isEmpty)
        try await place.expectRestorable()
    }

    @Test("an upload that is refused each time is given up in the end")
    func refused() async throws {
        let place = try StagingPlace(isSealed: false)
        #expect(try await place.shipKilled(at: 6))
        for _ in 0..<3 {
            await #expect(throws: RemoteError.self) { try await place.ship(refusing: .failed) }
            #expect(place.data.isEmpty)
        }
        try await place.ship(refusing: .failed)
        try await place.expectRestorable()
    }

    @Test(
        "a damaged note costs nothing but to begin anew",
        arguments: [nil, "", "{}", "nonsense\n{}"] as [String?]
    )
    func damagedNote(_ note: String?) async throws {
        let place = try StagingPlace(isSealed: true)
        #expect(try await place.shipKilled(at: 6))
        let damaged = try note ?? place.noteWithOtherKey
        try Directory.replaceFile(at: place.notePath, with: Array(damaged.utf8))
        try await place.ship()
        try await place.expectRestorable()
    }
}
