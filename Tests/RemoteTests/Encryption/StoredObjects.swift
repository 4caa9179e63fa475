import LinuxSystem
import Remote

/// A store in memory, with pages of two objects. Key objects are never uploaded in parts.
actor StoredObjects: RemoteStore {
    private(set) var objects: [ObjectName: [UInt8]] = [:]
    /// The most bytes that a get has returned.
    private(set) var largestGet = 0

    func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        guard objects[name] == nil else { return .taken }
        objects[name] = content
        return .stored(at: .now)
    }

    func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        objects[name] = content
    }

    func get(_ name: ObjectName, _ range: Range<UInt64>?) async throws(RemoteError) -> [UInt8] {
        guard let content = objects[name] else { throw RemoteError(.missing, "\(name) is missing") }
        guard range?.upperBound ?? 0 <= UInt64(content.count) else {
            throw RemoteError(.damaged, "\(name) has only \(content.count) bytes")
        }
        let bytes = range.map { Array(content[Int($0.lowerBound)..<Int($0.upperBound)]) } ?? content
        largestGet = max(largestGet, bytes.count)
        return bytes
    }

    func list(_ prefix: String, after last: ObjectName?) async throws(RemoteError) -> ObjectPage {
        let names = objects.keys.sorted().filter { name in
            name.text.hasPrefix(prefix) && last.map { $0 < name } ?? true
        }
        let listed = names.prefix(2).map {
            ListedObject(name: $0, sizeBytes: UInt64(objects[$0]?.count ?? 0), written: .now)
        }
        return ObjectPage(objects: listed, hasMore: names.count > 2, time: .now)
    }

    func size(of name: ObjectName) async throws(RemoteError) -> UInt64? {
        objects[name].map { UInt64($0.count) }
    }

    func delete(_ name: ObjectName) async throws(RemoteError) -> DeleteOutcome {
        objects[name] = nil
        return .deleted
    }

    func beginUpload(_ name: ObjectName) async throws(RemoteError) -> UploadID { throw Self.noUploads }

    func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) async throws(RemoteError) -> UploadedPart {
        throw Self.noUploads
    }

    func parts(of upload: UploadID, _ name: ObjectName) async throws(RemoteError) -> [UploadedPart] {
        throw Self.noUploads
    }

    func completeUpload(
        _ upload: UploadID,
        _ name: ObjectName,
        _ parts: [UploadedPart]
    ) async throws(RemoteError) {
        throw Self.noUploads
    }

    func abandonUpload(_ upload: UploadID, _ name: ObjectName) async throws(RemoteError) {
        throw Self.noUploads
    }

    func uploads(_ prefix: String) async throws(RemoteError) -> [(name: ObjectName, upload: UploadID)] { [] }

    private static let noUploads = RemoteError(.failed, "a key object is not uploaded in parts")
}
