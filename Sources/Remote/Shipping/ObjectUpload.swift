import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Writes the content of a local file as an object: in one piece if it is small, else in parts. Memory is
/// bounded by one part. What a killed process has sent is not sent again.
struct ObjectUpload {
    /// Stores allow 10,000 parts.
    private static let mostParts: UInt64 = 9_000
    /// To go on with one upload, without a further part.
    private static let mostAttempts = 3

    let store: any RemoteStore
    let codec: ObjectCodec
    let root: RootID
    /// Up to this size an object is written in one piece.
    let partBytes: UInt64
    /// Counts the bytes of the content that the store has.
    var work: WorkProgress?

    /// Saves what has to be known to resume it after a kill.
    typealias Save = (BegunUpload) throws -> Void

    /// Returns what a manifest says of it. Throws `RootHasChanged` if the file is not the one with the stamp.
    func run(
        _ path: FilePath,
        _ stamp: FileStamp,
        as name: ObjectName,
        save: Save
    ) async throws -> DataObject {
        let file = try Self.open(path, stamp)
        let sizeBytes = stamp.sizeBytes
        guard sizeBytes > partBytes else {
            let content = try Self.read(file, 0..<sizeBytes)
            // The name is this writer's own: what has it already is an earlier attempt.
            try await store.put(name, try codec.encoded(content, .data, root, name))
            work?.add(sizeBytes)
            return DataObject(name: name, sizeBytes: sizeBytes, digest: ObjectDigest(of: content))
        }
        let encoder = try codec.encoder(sizeBytes, .data, root, name)
        let upload = try await store.beginUpload(name)
        let begun = BegunUpload(path.lastComponent?.string ?? "", stamp, name, upload, key: encoder.key)
        do {
            try save(begun)
        } catch {
            try? await store.abandonUpload(upload, name)
            throw error
        }
        return try await putParts(file, begun, encoder, ObjectHasher(), present: [], lost: nil, save)
    }

    /// Resumes an upload of the file. Returns nil if that cannot be: the store has given it up or does not
    /// tell its parts, or the file has other content. Then it is to be begun anew, under another name.
    func resume(_ begun: BegunUpload, _ path: FilePath, save: Save) async throws -> DataObject? {
        var begun = begun
        begun.countAttempt()
        let (name, sizeBytes) = (begun.name, begun.stamp.sizeBytes)
        guard begun.attempts <= Self.mostAttempts,
            var encoder = codec.encoder(resumingWith: begun.keyBytes, sizeBytes, name)
        else { return nil }
        try save(begun)
        let file = try Self.open(path, begun.stamp)
        let sent = parts(of: sizeBytes).prefix { $0.upperBound <= begun.sentBytes }
        var (hasher, last) = (ObjectHasher(), [UInt8]())
        for range in sent {
            last = try Self.read(file, range)
            hasher.add(last)
        }
        guard hasher.digest == begun.sentDigest else { return nil }
        do {
            let present = try await store.parts(of: begun.upload, name)
            var kept: [UploadedPart] = []
            for (part, range) in zip(present, sent) {
                let count = UInt64(range.count)
                guard part.number == kept.count + 1, part.sizeBytes == encoder.storedByteCount(count)
                else { break }
                kept.append(part)
                encoder.skip(count)
            }
            // Only the last one may have been sent in vain. Its content was just proven.
            guard kept.count + 1 >= sent.count else { return nil }
            let lost = kept.count < sent.count ? last : nil
            return try await putParts(file, begun, encoder, hasher, present: kept, lost: lost, save)
        } catch let error as RemoteError {
            switch error.kind {
            case .damaged: return nil
            case .forbidden:
                // The parts may not be listed. Or the credentials are wrong: then all may not.
                _ = try await store.size(of: name)
                return nil
            case .missing: return try await completed(begun)
            default: throw error
            }
        }
    }

    /// An upload that is missing may have been completed, and nobody was there to hear it.
    private func completed(_ begun: BegunUpload) async throws -> DataObject? {
        let sizeBytes = begun.stamp.sizeBytes
        guard begun.sentBytes == sizeBytes, let stored = codec.storedByteCount(sizeBytes),
            try await store.size(of: begun.name) == stored
        else { return nil }
        return DataObject(name: begun.name, sizeBytes: sizeBytes, digest: begun.sentDigest)
    }

    /// The ranges of the content that are parts. Sealed ones have whole chunks.
    private func parts(of sizeBytes: UInt64) -> [Range<UInt64>] {
        let unit = codec.seals ? SealLayout.chunkByteCount : 1
        let least = max(partBytes, sizeBytes / Self.mostParts)
        let partBytes = (least + unit - 1) / unit * unit
        return stride(from: 0, to: sizeBytes, by: Int(partBytes)).map {
            $0..<min($0 + partBytes, sizeBytes)
        }
    }

    /// - Parameters:
    ///   - hasher: of what was sent.
    ///   - present: the parts that the store has.
    ///   - lost: the content of the next part, if it was sent in vain.
    private func putParts(
        _ file: borrowing OpenFile,
        _ begun: BegunUpload,
        _ encoder: consuming ObjectEncoder,
        _ hasher: ObjectHasher,
        present: [UploadedPart],
        lost: [UInt8]?,
        _ save: Save
    ) async throws -> DataObject {
        var (begun, hasher, put) = (begun, hasher, present)
        let parts = parts(of: begun.stamp.sizeBytes)
        work?.add(parts.prefix(put.count).last?.upperBound ?? 0)
        if let lost {
            let stored = try encoder.encode(lost)
            put.append(try await store.putPart(put.count + 1, of: begun.upload, begun.name, stored))
            work?.add(UInt64(lost.count))
        }
        for range in parts.dropFirst(put.count) {
            let content = try Self.read(file, range)
            hasher.add(content)
            begun.send(upTo: range.upperBound, hasher.digest)
            // Before it is sealed: no nonce may seal other content afterwards.
            try save(begun)
            let stored = try encoder.encode(content)
            put.append(try await store.putPart(put.count + 1, of: begun.upload, begun.name, stored))
            work?.add(UInt64(range.count))
        }
        try await complete(begun.upload, begun.name, put)
        return DataObject(name: begun.name, sizeBytes: begun.stamp.sizeBytes, digest: hasher.digest)
    }

    /// After a lost answer there is no such upload any more, but the object.
    private func complete(_ upload: UploadID, _ name: ObjectName, _ parts: [UploadedPart]) async throws {
        do throws(RemoteError) {
            try await store.completeUpload(upload, name, parts)
        } catch {
            guard error.kind == .missing, try await store.size(of: name) != nil else { throw error }
        }
    }

    private static func open(_ path: FilePath, _ stamp: FileStamp) throws -> OpenFile {
        let file = try LocalFile.open(path)
        guard FileStamp(try file.status()) == stamp else { throw RootHasChanged() }
        return file
    }

    static func read(_ file: borrowing OpenFile, _ range: Range<UInt64>) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        guard try file.read(into: &bytes, count: bytes.count, at: range.lowerBound) == bytes.count else {
            throw RootHasChanged()
        }
        return bytes
    }
}
