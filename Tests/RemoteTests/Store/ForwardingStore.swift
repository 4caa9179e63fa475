import Remote

/// A store that passes on what it does not do itself.
protocol ForwardingStore: RemoteStore {
    var store: any RemoteStore { get }
}

extension ForwardingStore {
    func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        try await store.putNew(name, content)
    }

    func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        try await store.put(name, content)
    }

    func get(_ name: ObjectName, _ range: Range<UInt64>?) async throws(RemoteError) -> [UInt8] {
        try await store.get(name, range)
    }

    func list(_ prefix: String, after last: ObjectName?) async throws(RemoteError) -> ObjectPage {
        try await store.list(prefix, after: last)
    }

    func size(of name: ObjectName) async throws(RemoteError) -> UInt64? { try await store.size(of: name) }

    func delete(_ name: ObjectName) async throws(RemoteError) -> DeleteOutcome {
        try await store.delete(name)
    }

    func beginUpload(_ name: ObjectName) async throws(RemoteError) -> UploadID {
        try await store.beginUpload(name)
    }

    func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) async throws(RemoteError) -> UploadedPart {
        try await store.putPart(number, of: upload, name, content)
    }

    func parts(of upload: UploadID, _ name: ObjectName) async throws(RemoteError) -> [UploadedPart] {
        try await store.parts(of: upload, name)
    }

    func completeUpload(
        _ upload: UploadID,
        _ name: ObjectName,
        _ parts: [UploadedPart]
    ) async throws(RemoteError) {
        try await store.completeUpload(upload, name, parts)
    }

    func abandonUpload(_ upload: UploadID, _ name: ObjectName) async throws(RemoteError) {
        try await store.abandonUpload(upload, name)
    }

    func uploads(_ prefix: String) async throws(RemoteError) -> [(name: ObjectName, upload: UploadID)] {
        try await store.uploads(prefix)
    }
}
