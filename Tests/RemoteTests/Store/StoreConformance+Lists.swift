import LinuxSystem
import Remote
import Testing

extension StoreConformance {
    /// In the order of their bytes. `-` and `.` come before `/`, digits after it. None is a directory of
    /// another.
    private static let names = [
        "-", ".hidden/a", "0", "A", "Z.z", "a-b", "a.b", "a.b-c", "a.bc/c", "a/-", "a/.x", "a/b", "a/b-",
        "a/b.c/d",
        "a/b0", "a/bc", "a/c/d/e/f", "a0", "ab", "b...c", "b/1", "b/10", "b/2", "x/y", "z",
    ]

    /// Those whose order does not depend on whether paths or their components are compared.
    private static func names(_ tested: TestedStore) -> [String] {
        guard tested.traits.contains(.ordersByComponents) else { return names }
        return names.filter { !["a-b", "a.b", "a.b-c", "a.bc/c", "b...c"].contains($0) }
    }

    /// Also names that no object has.
    private static func starts(_ tested: TestedStore) -> [String?] {
        let starts = [nil, "-", "a0", "a/b", "a/b.c/d", "a/b.c/e", "a/zz", "b/1", "z", "zz"]
        guard !tested.traits.contains(.ordersByComponents) else { return starts }
        return starts + ["a", "a-b", "a/b.c", "a/c", "b"]
    }

    @Test("lists names by their bytes, over all directories", arguments: TestedStore.all)
    func order(tested: TestedStore) async throws {
        try await tested.use { store in
            for (index, name) in Self.names.shuffled().enumerated() {
                try await store.put(object(name), Array(name.utf8) + [UInt8(index)])
            }
            let page = try await store.list("", after: nil)
            // Of one page the store's own order does not count.
            #expect(page.objects.map(\.name.text) == Self.names)
            #expect(page.objects.allSatisfy { $0.sizeBytes == UInt64($0.name.text.utf8.count + 1) })
            #expect(!page.hasMore)
            for name in Self.names {
                let bytes = try await store.get(object(name), nil)
                #expect(bytes.dropLast() == Array(name.utf8)[...])
            }
        }
    }

    @Test("lists what begins with a prefix and follows a name", arguments: TestedStore.all)
    func prefixes(tested: TestedStore) async throws {
        try await tested.use { store in
            let names = Self.names(tested)
            for name in names { try await store.put(object(name), [1]) }
            let prefixes = [
                "", "a", "a/", "a/b", "a/b-", "a/b.c/", "a/b.c", "b/1", ".", "-", "a/c/d/e/f", "zz", "c/d",
            ]
            for prefix in prefixes {
                for start in Self.starts(tested) {
                    let expected = names.filter { name in
                        name.hasPrefix(prefix) && start.map { $0 < name } ?? true
                    }
                    let listed = try await store.names(prefix, after: start)
                    #expect(listed == expected, "\(prefix) after \(start ?? "nothing")")
                }
            }
        }
    }

    @Test("gives more objects than a page has in pages, each once", arguments: TestedStore.all)
    func pages(tested: TestedStore) async throws {
        try await tested.use { store in
            // The end of the first page is within a directory.
            let dash = tested.traits.contains(.ordersByComponents) ? "" : "-"
            let names = (0..<tested.pageCount * 11 / 10).map { index in
                index % 11 == 0
                    ? "n/\(1_000 + index)\(dash)x"
                    : "n/\(1_000 + index * 3 / tested.pageCount)/\(10_000 + index)"
            }
            // rclone answers 500 to one of two requests that make the same directory.
            let retrying = RetryingStore(store, mostAttempts: 9) { _, _ in }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, name) in names.enumerated() {
                    if index >= 8 { try await group.next() }
                    group.addTask { try await retrying.put(object(name), [UInt8(index % 256)]) }
                }
                try await group.waitForAll()
            }
            let first = try await store.list("n/", after: nil)
            #expect(first.hasMore && !first.objects.isEmpty && first.objects.count <= tested.pageCount)
            #expect(try await store.listAll("n/").map(\.name.text) == names.sorted())
            let last = try await store.list("n/", after: first.objects.last?.name)
            #expect(first.objects.count + last.objects.count == names.count || last.hasMore)
        }
    }

    @Test("lists each object once it is put, and no longer once it is deleted", arguments: TestedStore.all)
    func readAfterWrite(tested: TestedStore) async throws {
        try await tested.use { store in
            for number in 1...12 {
                try await store.put(object("log/\(100 + number)"), [1])
                #expect(try await store.names("log/").count == number)
                #expect(try await store.names("log/", after: "log/\(99 + number)") == ["log/\(100 + number)"])
            }
            for number in 1...12 {
                #expect(try await store.delete(object("log/\(100 + number)")) == .deleted)
                #expect(try await store.names("log/").count == 12 - number)
            }
        }
    }

    @Test("says when an object was written, by its own clock", arguments: TestedStore.all)
    func times(tested: TestedStore) async throws {
        try await tested.use { store in
            let before = try await store.list("", after: nil).time
            try await store.put(object("a"), [1])
            let page = try await store.list("", after: nil)
            let written = try #require(page.objects.first?.written)
            // Whole seconds, and file systems that count two of them.
            let slack = Duration.seconds(2).nanoseconds
            #expect(written.nanoseconds >= before.nanoseconds - slack)
            #expect(written.nanoseconds <= page.time.nanoseconds + slack)
        }
    }

    @Test(
        "keeps an object when another has its name as a directory",
        arguments: TestedStore.all(without: .losesNestedNames)
    )
    func directories(tested: TestedStore) async throws {
        try await tested.use { store in
            for (first, second) in [("a", "a/b"), ("c/d", "c")] {
                try await store.put(object(first), [1])
                let put = await errorKind { () throws(RemoteError) in
                    try await store.put(object(second), [2])
                }
                #expect(put == (tested.hasFlatNames ? nil : .failed))
                let taken = await errorKind { () throws(RemoteError) in
                    _ = try await store.putNew(object(second), [3])
                }
                #expect(taken == (tested.hasFlatNames ? nil : .failed))
                #expect(try await store.get(object(first), nil) == [1])
                #expect(try await store.size(of: object(second)) == (tested.hasFlatNames ? 1 : nil))
            }
            let all = ["a", "a/b", "c", "c/d"]
            #expect(try await store.names() == (tested.hasFlatNames ? all : ["a", "c/d"]))
        }
    }
}
