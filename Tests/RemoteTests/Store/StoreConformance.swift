import LinuxSystem
import Remote
import Testing

/// What callers count on, whatever the store: see `TestedStore.all`.
@Suite("Every store", .testedServers)
struct StoreConformance {
    @Test("keeps an object, and lets go of it", arguments: TestedStore.all)
    func keeps(tested: TestedStore) async throws {
        try await tested.use { store in
            let name = object("root/one.batch")
            try await store.put(name, content(1_000))
            #expect(try await store.get(name, nil) == content(1_000))
            #expect(try await store.size(of: name) == 1_000)
            try await store.put(name, content(900, seed: 2))
            #expect(try await store.get(name, nil) == content(900, seed: 2))
            #expect(try await store.delete(name) == .deleted)
            #expect(try await store.size(of: name) == nil)
            #expect(await errorKind { () throws(RemoteError) in try await store.get(name, nil) } == .missing)
            #expect(try await store.names() == [])
            #expect(try await store.delete(name) == .deleted, "one that is missing counts as removed")
        }
    }

    @Test("gives the bytes of a range, and an error beyond the end", arguments: TestedStore.all)
    func ranges(tested: TestedStore) async throws {
        try await tested.use { store in
            let (name, bytes) = (object("a"), content(5_000))
            try await store.put(name, bytes)
            for range in [0..<1, 0..<100, 61..<62, 4_900..<5_000, 4_999..<5_000, 0..<5_000] {
                let bounds = UInt64(range.lowerBound)..<UInt64(range.upperBound)
                #expect(try await store.get(name, bounds) == Array(bytes[range]), "\(range)")
            }
            for bounds in [4_990..<5_001, 5_000..<5_001, 6_000..<7_000] as [Range<UInt64>] {
                let kind = await errorKind { () throws(RemoteError) in try await store.get(name, bounds) }
                #expect(kind == .damaged || kind == .failed, "\(bounds): repeating it would not help")
            }
            let other = object("b")
            #expect(
                await errorKind { () throws(RemoteError) in try await store.get(other, 0..<1) } == .missing
            )
        }
    }

    @Test("keeps an empty object and a large one", arguments: TestedStore.all)
    func sizes(tested: TestedStore) async throws {
        try await tested.use { store in
            let large = tested.isServer ? 6 << 20 : 20 << 20
            for count in [0, large] {
                let name = object("size/\(count)")
                try await store.put(name, content(count))
                #expect(try await store.size(of: name) == UInt64(count))
                #expect(try await store.get(name, nil) == content(count))
            }
            #expect(try await store.list("", after: nil).objects.map(\.sizeBytes) == [0, UInt64(large)])
        }
    }

    @Test("refuses a name that is taken, and keeps what has it", arguments: TestedStore.all)
    func putNew(tested: TestedStore) async throws {
        try await tested.use { (store) async throws in
            let name = object("root/000001")
            guard !tested.traits.contains(.ignoresConditions) else {
                #expect(try await store.putNew(name, [1]).isStored)
                #expect(try await store.putNew(name, [2, 2]).isStored)
                #expect(try await store.get(name, nil) == [2, 2], "it was overwritten")
                return
            }
            #expect(try await store.putNew(name, [1]).isStored)
            #expect(try await store.putNew(name, [2, 2]) == .taken)
            #expect(try await store.putNew(name, [1]) == .taken, "also for the same content")
            #expect(try await store.get(name, nil) == [1])
            #expect(try await store.delete(name) == .deleted)
            #expect(try await store.putNew(name, [3]).isStored)
            #expect(try await store.get(name, nil) == [3])
        }
    }

    @Test(
        "gives a free name to one of many writers",
        arguments: TestedStore.all(without: .ignoresConditions, .failsAtTheSameTime)
    )
    func race(tested: TestedStore) async throws {
        try await tested.use { store in
            for round in 1...3 {
                let name = object("race/\(round)/object")
                let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for writer in 0..<32 {
                        group.addTask { try await Self.isWinner(writer, name, store) ? writer : nil }
                    }
                    return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
                }
                #expect(winners.count == 1)
                guard let winner = winners.first else { continue }
                #expect(try await store.get(name, nil) == content(10_000, seed: UInt64(winner)))
            }
        }
    }

    private static func isWinner(
        _ writer: Int,
        _ name: ObjectName,
        _ store: any RemoteStore
    ) async throws(RemoteError) -> Bool {
        while true {
            do throws(RemoteError) {
                return try await store.putNew(name, content(10_000, seed: UInt64(writer))).isStored
            } catch {
                // Of two at the same time, a store may send one away.
                guard error.kind == .conflict else { throw error }
            }
        }
    }

    @Test(
        "shows no part of an object that is being written",
        arguments: TestedStore.all(without: .failsAtTheSameTime)
    )
    func whole(tested: TestedStore) async throws {
        try await tested.use { store in
            let name = object("whole")
            let contents = (1...2).map { content(1 << 20, seed: $0) }
            try await store.put(name, contents[0])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<2 {
                    group.addTask {
                        for round in 1...10 { try await store.put(name, contents[(round + writer) % 2]) }
                    }
                }
                for _ in 1...2 {
                    group.addTask {
                        for _ in 1...40 {
                            let bytes = try await store.get(name, nil)
                            #expect(
                                bytes == contents[0] || bytes == contents[1],
                                "neither: \(bytes.count) bytes"
                            )
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
