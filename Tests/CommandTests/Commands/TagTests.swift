import Foundation
import TestSupport
import Testing

@Suite("tag --delete", .serialized)
struct TagTests {
    @Test("takes a name away, beside a watcher too; an unknown one is named", arguments: [true, false])
    func delete(isWatching: Bool) throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", protection.data)
        if isWatching { try protection.watch() }
        try protection.holdfast("snapshot", protection.data, "--tag", "mine")
        try protection.holdfast("guard", "--", "true")
        let log = try protection.holdfast("log", protection.data).stdout
        #expect(log.contains("[mine]") && log.contains("[guard-"), "\(log)")

        let result = try protection.holdfast("tag", "--delete", "mine", protection.data, "--json")
        #expect(result.stdout == #"{"tag":"mine","deleted":true,"sequence":1}"# + "\n")
        #expect(try !protection.holdfast("log", protection.data).stdout.contains("[mine]"))
        let gone = try protection.holdfast("tag", "--delete", "mine", protection.data, expecting: 10)
        #expect(gone.stderr.contains(#"there is no tag "mine""#), "\(gone)")
        try protection.holdfast("tag", "--delete", "x", protection.data, "--at", "1", expecting: 64)
        try protection.check()
        try protection.stop()
    }

    @Test(
        "what only an expired tag of Holdfast's keeps goes; a person's stays",
        arguments: [["guard", "--", "true"], ["snapshot", "--tag", "guard-of-mine", "--automatic"]]
    )
    func expiry(_ tagging: [String]) throws {
        let protection = try Protection()
        func commit(_ value: Int) throws {
            try SQLite3.sql("INSERT INTO t(b) VALUES(\(value));", on: protection.database)
        }
        try protection.holdfast("watch", "--once", protection.data)
        try protection.holdfast("snapshot", protection.data, "--tag", "mine")
        try commit(1)
        try protection.holdfast(tagging)
        try commit(2)
        try protection.holdfast("watch", "--once", protection.data)
        let stay = try protection.holdfast("forget", protection.data, "--keep-last", "1", "--json").stdout
        #expect(stay.contains(#""removed":0"#), "\(stay)")
        try protection.holdfast("forget", protection.data, "--keep-last", "1", "--keep-auto-tags", "0s")
        #expect(try protection.snapshots().compactMap(\.sequence) == [1, 3])
        let log = try protection.holdfast("log", protection.data).stdout
        #expect(log.contains("[mine]") && !log.contains("[guard-"), "\(log)")
        try protection.check()
    }
}
