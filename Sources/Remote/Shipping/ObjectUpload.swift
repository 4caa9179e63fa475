import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Writes the content of a local file as an object: in one piece if it is small, else in parts. Memory is
/// bounded by one part.
struct ObjectUpload {
    /// Up to this size an object is written in one piece.
    static let partBytes: UInt64 = 8 << 20
    /// Stores allow 10,000 parts.
    private static let mostParts: UInt64 = 9_000

    let store: any RemoteStore
    let codec: ObjectCodec
    let root: RootID

    /// Returns what a manifest says of it. Throws `RootHasChanged` if the file is not the one with the stamp.
    func run(_ path: FilePath, _ stamp: FileStamp, as name: ObjectName) async throws -> DataObject {
        let file = try LocalFile.open(path)
        guard FileStamp(try file.status()) == stamp else { throw RootHasChanged() }
        let sizeBytes = stamp.sizeBytes
        var hasher = ObjectHasher()
        if sizeBytes <= Self.partBytes {
            let content = try Self.read(file, 0..<sizeBytes)
            hasher.add(content)
            // The name is this writer's own: what has it already is an earlier attempt.
            try await store.put(name, try codec.encoded(content, .data, root, name))
        } else {
            try await putInParts(file, sizeBytes, name, &hasher)
        }
        return DataObject(name: name, sizeBytes: sizeBytes, digest: hasher.digest)
    }

    private func putInParts(
        _ file: borrowing OpenFile,
        _ sizeBytes: UInt64,
        _ name: ObjectName,
        _ hasher: inout ObjectHasher
    ) async throws {
        let upload = try await store.beginUpload(name)
        do {
            var encoder = try codec.encoder(sizeBytes, .data, root, name)
            var parts: [UploadedPart] = []
            let partBytes = max(Self.partBytes, sizeBytes / Self.mostParts)
            var offset: UInt64 = 0
            while offset < sizeBytes {
                let end = min(offset + partBytes, sizeBytes)
                let content = try Self.read(file, offset..<end)
                hasher.add(content)
                let part = try encoder.encode(content)
                parts.append(try await store.putPart(parts.count + 1, of: upload, name, part))
                offset = end
            }
            try await complete(upload, name, parts)
        } catch {
            try? await store.abandonUpload(upload, name)
            throw error
        }
    }

    /// After a lost answer there is no such upload any more, but the object.
    private func complete(_ upload: UploadID, _ name: ObjectName, _ parts: [UploadedPart]) async throws {
        do throws(RemoteError) {
            try await store.completeUpload(upload, name, parts)
        } catch {
            guard error.kind == .missing, try await store.size(of: name) != nil else { throw error }
        }
    }

    static func read(_ file: borrowing OpenFile, _ range: Range<UInt64>) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        guard try file.read(into: &bytes, count: bytes.count, at: range.lowerBound) == bytes.count else {
            throw RootHasChanged()
        }
        return bytes
    }
}
