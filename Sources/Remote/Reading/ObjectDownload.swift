import LinuxSystem
import RepositoryFormat
import SystemPackage

/// Fetches a data object into a file, part by part, and compares its digest. Memory is bounded by the parts
/// that are fetched at once.
struct ObjectDownload: Sendable {
    private static let partBytes: UInt64 = 4 << 20

    let reading: StreamReading
    /// Parts of one object.
    var partsAtOnce = 1
    /// Counts the bytes of the content that was fetched.
    var work: WorkProgress?

    /// Throws `RemoteError.damaged` if its content is not what the manifest says; the file is removed then.
    func run(_ object: DataObject, to path: FilePath) async throws {
        let draft = path.appending(suffix: ".new")
        // A download that was killed leaves one.
        try Directory.removeTree(draft)
        do {
            let file = try OpenFile(draft, .createNew)
            let opener = try await opener(object)
            try await Self.parts(of: object).forEachAtOnce(partsAtOnce) { range in
                let content = try await read(range, of: object, opener)
                try OpenFile(draft, .update).write(unsafe content.span.bytes, at: range.lowerBound)
                work?.add(UInt64(range.count))
            }
            // Its parts came in any order.
            try Self.require(try ObjectDigest(of: file), object)
            try file.synchronise()
            try Directory.rename(draft, to: path)
        } catch {
            try? Directory.remove(draft)
            throw error
        }
    }

    /// Fetches it only to compare its digest. Throws `RemoteError.damaged` if that is another one.
    func verify(_ object: DataObject) async throws(RemoteError) {
        let opener = try await opener(object)
        var hasher = ObjectHasher()
        for range in Self.parts(of: object) { hasher.add(try await read(range, of: object, opener)) }
        try Self.require(hasher.digest, object)
    }

    private static func parts(of object: DataObject) -> some Sequence<Range<UInt64>> {
        stride(from: 0, to: object.sizeBytes, by: Int(partBytes)).map { start in
            start..<min(start + partBytes, object.sizeBytes)
        }
    }

    private static func require(_ digest: ObjectDigest, _ object: DataObject) throws(RemoteError) {
        guard digest == object.digest else {
            throw RemoteError(.damaged, "\(object.name): its digest is wrong")
        }
    }

    private func opener(_ object: DataObject) async throws(RemoteError) -> ObjectOpener? {
        guard object.sizeBytes > 0 else { return nil }
        let count = UInt64(SealHeader.byteCount)
        let header = try await reading.store.getNamed(object.name, 0..<min(count, object.sizeBytes))
        let opener = try await reading.codec.opener(header, .data, reading.root, object.name)
        if let opener, opener.layout.plainByteCount != object.sizeBytes {
            throw RemoteError(.damaged, "\(object.name) has another length than its manifest says")
        }
        return opener
    }

    private func read(
        _ range: Range<UInt64>,
        of object: DataObject,
        _ opener: ObjectOpener?
    ) async throws(RemoteError) -> [UInt8] {
        guard let opener else { return try await reading.store.getNamed(object.name, range) }
        guard let place = opener.layout.sealedRange(of: range) else {
            throw RemoteError(.damaged, "\(object.name) is shorter than its manifest says")
        }
        return try opener.open(range, from: try await reading.store.getNamed(object.name, place))
    }
}
