import Crypto
import LinuxSystem
import SystemPackage

/// The directory of an upload in parts.
///
/// 1. `name` has the name of the object.
/// 2. `part-00001` has the content of part 1, then its SHA-256 (32 bytes). So a part and its digest are
///    replaced at once, and its tag is known without reading all of it.
struct UploadDirectory {
    let directory: OpenDirectory

    /// As S3 has it.
    static let mostParts = 10_000
    private static let nameFile: FilePath.Component = "name"
    private static let prefix = "part-"
    private static let chunkBytes = 1 << 20

    init(_ directory: OpenDirectory) {
        self.directory = directory
    }

    func setName(_ name: ObjectName) throws(SystemError) {
        let file = try OpenFile(DirectoryEntry(Self.nameFile, in: directory), .createNew)
        try file.write(unsafe Array(name.text.utf8).span.bytes, at: 0)
        try file.synchronise()
        try directory.synchronise()
    }

    /// The name of the object; nil where the upload has ended.
    func name() throws(SystemError) -> ObjectName? {
        guard let file = try open(Self.nameFile), let text = try file.content(upTo: 1 << 16) else {
            return nil
        }
        return ObjectName(String(decoding: text, as: UTF8.self))
    }

    static func partName(_ number: Int) -> FilePath.Component? {
        guard number >= 1, number <= mostParts else { return nil }
        return FilePath.Component(prefix + UInt(number).padded(to: 5))
    }

    private static func partNumber(_ name: FilePath.Component) -> Int? {
        guard name.string.hasPrefix(prefix), let number = Int(name.string.dropFirst(prefix.count)),
            partName(number) == name
        else { return nil }
        return number
    }

    /// Ascending by number. A file that is too short for a digest is none.
    func parts() throws(SystemError) -> [UploadedPart] {
        var parts: [UploadedPart] = []
        for name in try directory.names() {
            guard let number = Self.partNumber(name), let file = try open(name),
                let sizeBytes = try Self.contentBytes(of: file),
                let digest = try PartDigest(readFrom: file, at: sizeBytes)
            else { continue }
            parts.append(UploadedPart(number: number, sizeBytes: sizeBytes, tag: digest.text))
        }
        return parts.sorted { $0.number < $1.number }
    }

    /// Appends the content of a part to a file, at `end`. Throws `RemoteError.damaged` if it is not what was
    /// put.
    func copy(_ part: UploadedPart, to target: borrowing OpenFile, at end: inout UInt64) throws {
        guard let name = Self.partName(part.number), let file = try open(name),
            try Self.contentBytes(of: file) == part.sizeBytes
        else { throw RemoteError(.unavailable, "part \(part.number) was changed meanwhile") }
        var hash = SHA256()
        var done: UInt64 = 0
        while done < part.sizeBytes {
            let most = min(UInt64(Self.chunkBytes), part.sizeBytes - done)
            var chunk = [UInt8](untouched: Int(most))
            let count = try file.read(into: &chunk, count: chunk.count, at: done)
            guard count == chunk.count else {
                throw RemoteError(.unavailable, "part \(part.number) was changed meanwhile")
            }
            hash.update(data: chunk)
            try target.write(unsafe chunk.span.bytes, at: end)
            done += most
            end += most
        }
        guard PartDigest(bytes: Array(hash.finalize())).text == part.tag else {
            throw RemoteError(.damaged, "\(file.path.printable) is not what was put there")
        }
    }

    private static func contentBytes(of file: borrowing OpenFile) throws(SystemError) -> UInt64? {
        let (size, isShort) = try file.status().sizeBytes
            .subtractingReportingOverflow(UInt64(PartDigest.byteCount))
        return isShort ? nil : size
    }

    private func open(_ name: FilePath.Component) throws(SystemError) -> OpenFile? {
        do throws(SystemError) {
            return try OpenFile(DirectoryEntry(name, in: directory), .stored)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}

/// The SHA-256 of a part.
struct PartDigest {
    static let byteCount = 32
    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(of content: [UInt8]) {
        bytes = Array(SHA256.hash(data: content))
    }

    /// Nil if the file ends before it.
    init?(readFrom file: borrowing OpenFile, at offset: UInt64) throws(SystemError) {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        guard try file.read(into: &bytes, count: bytes.count, at: offset) == bytes.count else { return nil }
        self.bytes = bytes
    }

    var text: String { bytes.hexadecimal }
}
