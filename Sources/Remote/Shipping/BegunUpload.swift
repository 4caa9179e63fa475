internal import FoundationEssentials

/// An upload of a file in parts that is not complete, as it is noted on the disk before each part.
struct BegunUpload: Sendable, Codable {
    /// The name of the file.
    let file: String
    let stamp: FileStamp
    let name: ObjectName
    let upload: UploadID
    /// What the object is sealed with; nil if it is stored as it is, or if nobody may go on with it.
    private(set) var key: Data?
    /// So much of the file was sent, the last part perhaps in vain.
    private(set) var sentBytes: UInt64 = 0
    /// SHA-256 of that.
    private(set) var sentDigest = ObjectHasher().digest
    /// How often somebody has gone on with it since a part was sent.
    private(set) var attempts = 0

    init(_ file: String, _ stamp: FileStamp, _ name: ObjectName, _ upload: UploadID, key: [UInt8]?) {
        (self.file, self.stamp, self.name, self.upload) = (file, stamp, name, upload)
        self.key = key.map { Data($0) }
    }

    var keyBytes: [UInt8]? { key.map { [UInt8]($0) } }

    /// Nil also where the key was forgotten.
    var keyID: KeyID? { keyBytes.flatMap { try? ObjectKey(parsing: $0, name: name).header.keyID } }

    mutating func countAttempt() { attempts += 1 }

    /// The file is sent up to there.
    mutating func send(upTo end: UInt64, _ digest: ObjectDigest) {
        (sentBytes, sentDigest, attempts) = (end, digest, 0)
    }

    mutating func forgetKey() { key = nil }
}

extension ObjectName: CodedAsText {}
extension ObjectDigest: CodedAsText {}
