internal import FoundationEssentials
import LinuxSystem
import RepositoryReader
import SystemPackage

/// A small file beside the cursor that saves work after a kill. It is only a shortcut: one that is missing,
/// damaged or of something else is as good as none.
///
/// It is the SHA-256 of the rest in hexadecimal digits, a line feed, and JSON.
struct ShippingNote<Content: Codable> {
    private struct Text: Codable {
        let subject: NoteSubject
        let content: Content
    }

    private let path: FilePath
    /// Of the file that was read or written last; nil if there was none.
    private var stamp: FileStamp?

    init(_ path: FilePath) {
        self.path = path
    }

    mutating func read() -> (subject: NoteSubject, content: Content)? {
        stamp = currentStamp
        guard stamp != nil, let bytes = try? StoredFile.open(path).content(upTo: 1 << 30) else { return nil }
        let digest = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let text = Array(bytes.dropFirst(digest.count + 1))
        guard ObjectDigest(of: text).description.utf8.elementsEqual(digest),
            let found = try? JSONDecoder().decode(Text.self, from: Data(text))
        else { return nil }
        return (found.subject, found.content)
    }

    /// Replaces the file, and waits until it is on the disk.
    mutating func save(_ content: Content, of subject: NoteSubject) throws {
        let text = try SmallFile.encoded(Text(subject: subject, content: content))
        try Directory.make(path.removingLastComponent())
        try Directory.replaceFile(at: path, with: Array("\(ObjectDigest(of: text))\n".utf8) + text)
        stamp = currentStamp
    }

    mutating func remove() {
        try? Directory.remove(path)
        stamp = nil
    }

    /// Whether no other process has written or removed the file since then.
    var isCurrent: Bool { currentStamp == stamp }

    private var currentStamp: FileStamp? {
        FileStatus.ifPresent(path).map { FileStamp($0) }
    }
}

/// What a note is of.
struct NoteSubject: Hashable, Codable {
    /// The address of the remote.
    let remote: String
    /// Who can open what was written; nil where nobody may go on with it.
    let readers: String?
    /// Of the batch that is to come.
    let number: UInt64
}
