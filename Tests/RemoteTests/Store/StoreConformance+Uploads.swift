import Remote
import Testing

extension StoreConformance {
    private static let partBytes = 5 << 20
    private static let name = object("bases/000001.base")

    private static func part(
        _ number: Int,
        of store: any RemoteStore,
        _ upload: UploadID,
        seed: UInt64? = nil
    )
        async throws -> UploadedPart
    {
        let count = number == 3 ? 1_234 : partBytes
        let bytes = content(count, seed: seed ?? UInt64(number))
        return try await store.putPart(number, of: upload, name, bytes)
    }

    @Test("makes an object from parts, with what was put last", arguments: TestedStore.all)
    func upload(tested: TestedStore) async throws {
        try await tested.use { store in
            let replacesParts = tested.traits.isDisjoint(with: [.keepsFormerParts, .streamsParts])
            if replacesParts { try await Self.expectStalePartRefused(store) }
            let upload = try await store.beginUpload(Self.name)
            if replacesParts { _ = try await Self.part(2, of: store, upload, seed: 9) }
            var parts: [Int: UploadedPart] = [:]
            for number in tested.traits.contains(.streamsParts) ? [1, 2, 3] : [3, 1, 2] {
                parts[number] = try await Self.part(number, of: store, upload)
            }
            let first = try #require(parts[1])
            let (second, third) = (try #require(parts[2]), try #require(parts[3]))
            #expect([first, second, third].map(\.sizeBytes) == [5 << 20, 5 << 20, 1_234])
            #expect(try await store.parts(of: upload, Self.name) == [first, second, third])
            #expect(try await store.names() == [], "it exists only when it is complete")
            #expect(try await store.size(of: Self.name) == nil)
            try await store.completeUpload(upload, Self.name, [first, second, third])
            let whole =
                content(Self.partBytes, seed: 1) + content(Self.partBytes, seed: 2) + content(1_234, seed: 3)
            #expect(try await store.get(Self.name, nil) == whole)
            #expect(try await store.names() == [Self.name.text])
            let edge = UInt64(Self.partBytes)
            #expect(
                try await store.get(Self.name, edge - 7..<edge + 9)
                    == Array(whole[Int(edge) - 7..<Int(edge) + 9])
            )
        }
    }

    private static func expectStalePartRefused(_ store: any RemoteStore) async throws {
        let upload = try await store.beginUpload(name)
        let former = try await part(1, of: store, upload, seed: 9)
        let later = try await part(1, of: store, upload)
        #expect(former.tag != later.tag)
        let stale = await errorKind { () throws(RemoteError) in
            try await store.completeUpload(upload, name, [former])
        }
        #expect(stale == .failed, "a part that was replaced")
        #expect(try await store.size(of: name) == nil)
        try await store.abandonUpload(upload, name)
    }

    @Test("goes on with an upload from the parts that it has", arguments: TestedStore.all)
    func resume(tested: TestedStore) async throws {
        try await tested.use { store in
            let begun = try await store.beginUpload(Self.name)
            let first = try await Self.part(1, of: store, begun)
            // As another process, which knows only the name.
            let found = try await store.uploads("bases/")
            let upload = try #require(found.first?.upload)
            #expect(found.count == 1 && found.first?.name == Self.name)
            #expect(try await store.parts(of: upload, Self.name) == [first])
            let last = tested.traits.contains(.streamsParts) ? 2 : 3
            _ = try await Self.part(last, of: store, upload)
            let parts = try await store.parts(of: upload, Self.name)
            #expect(parts.map(\.number) == [1, last])
            try await store.completeUpload(upload, Self.name, parts)
            let whole =
                content(Self.partBytes, seed: 1)
                + content(last == 3 ? 1_234 : Self.partBytes, seed: UInt64(last))
            #expect(try await store.get(Self.name, nil) == whole)
        }
    }

    @Test("knows a complete upload no more", arguments: TestedStore.all)
    func completeTwice(tested: TestedStore) async throws {
        try await tested.use { store in
            let upload = try await store.beginUpload(Self.name)
            let part = try await Self.part(1, of: store, upload)
            try await store.completeUpload(upload, Self.name, [part])
            let again = await errorKind { () throws(RemoteError) in
                try await store.completeUpload(upload, Self.name, [part])
            }
            #expect(again == (tested.traits.contains(.completesTwice) ? nil : .missing))
            try await Self.expectEnded(upload, store, tested)
            #expect(try await store.get(Self.name, nil) == content(Self.partBytes, seed: 1))
        }
    }

    @Test("forgets an upload that is abandoned", arguments: TestedStore.all)
    func abandon(tested: TestedStore) async throws {
        try await tested.use { store in
            let upload = try await store.beginUpload(Self.name)
            _ = try await Self.part(1, of: store, upload)
            let other = try await store.beginUpload(Self.name)
            #expect(upload != other)
            try await store.abandonUpload(upload, Self.name)
            #expect(try await store.uploads("").map(\.upload) == [other])
            try await store.abandonUpload(other, Self.name)
            try await Self.expectEnded(upload, store, tested)
            #expect(try await store.names() == [])
            try await store.abandonUpload(upload, Self.name)
        }
    }

    @Test("shows the uploads below a prefix", arguments: TestedStore.all)
    func uploads(tested: TestedStore) async throws {
        try await tested.use { store in
            var begun: [String: UploadID] = [:]
            for name in ["a/1", "a/2", "b/1"] {
                begun[name] = try await store.beginUpload(object(name))
            }
            for prefix in ["", "a/", "a/2", "b", "c"] {
                let found = try await store.uploads(prefix)
                let expected = begun.filter { $0.key.hasPrefix(prefix) }
                #expect(Set(found.map(\.name.text)) == Set(expected.keys), "\(prefix)")
                #expect(found.allSatisfy { begun[$0.name.text] == $0.upload })
            }
            for (name, upload) in begun {
                try await store.abandonUpload(upload, object(name))
            }
        }
    }

    private static func expectEnded(
        _ upload: UploadID,
        _ store: any RemoteStore,
        _ tested: TestedStore
    ) async throws {
        #expect(try await store.uploads("").isEmpty)
        let parts = await errorKind { () throws(RemoteError) in try await store.parts(of: upload, name) }
        #expect(parts == .missing)
        let part = await errorKind { () throws(RemoteError) in
            try await store.putPart(1, of: upload, name, [1])
        }
        #expect(part == (tested.traits.contains(.failsOnEndedUploads) ? .unavailable : .missing))
    }
}
