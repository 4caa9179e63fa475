extension DirectoryStore {
    package func beginUpload(_ name: ObjectName) async throws(RemoteError) -> UploadID {
        try await perform { try $0.beginUpload(name) }
    }

    package func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) async throws(RemoteError) -> UploadedPart {
        try await perform { try $0.putPart(number, of: upload, name, content) }
    }

    package func parts(of upload: UploadID, _ name: ObjectName) async throws(RemoteError) -> [UploadedPart] {
        try await perform { try $0.parts(of: upload, name) }
    }

    package func completeUpload(
        _ upload: UploadID,
        _ name: ObjectName,
        _ parts: [UploadedPart]
    ) async throws(RemoteError) {
        try await perform { try $0.completeUpload(upload, name, parts) }
    }

    package func abandonUpload(_ upload: UploadID, _ name: ObjectName) async throws(RemoteError) {
        try await perform { try $0.abandonUpload(upload, name) }
    }

    package func uploads(
        _ prefix: String
    ) async throws(RemoteError) -> [(name: ObjectName, upload: UploadID)] {
        try await perform { try $0.uploads(prefix) }
    }
}
