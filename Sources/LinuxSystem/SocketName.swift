import SystemPackage

/// The name of a socket that lies in no file system (`unix(7)`, abstract), as a file says it.
struct SocketName {
    /// ASCII, at most 40 bytes.
    let text: [UInt8]

    private static let prefix = Array("holdfast-".utf8)
    private static let digitCount = 20

    /// One that nobody can guess, so that nobody can take it first.
    static func random() -> SocketName {
        let digits = String(UInt64.random(in: 0 ... .max))
        let zeros = String(repeating: "0", count: digitCount - digits.count)
        return SocketName(text: prefix + Array((zeros + digits).utf8))
    }

    /// What the file at `path` says; nil for anything else, such as a socket.
    static func read(at path: FilePath) -> SocketName? {
        guard let status = try? FileStatus.of(path, followingLinks: false), status.kind == .regular,
            status.sizeBytes == UInt64(prefix.count + digitCount), let file = try? OpenFile(path, .read)
        else { return nil }
        var text = [UInt8](repeating: 0, count: prefix.count + digitCount)
        guard let got = try? file.read(into: &text, count: text.count, at: 0), got == text.count,
            text.starts(with: prefix)
        else { return nil }
        return SocketName(text: text)
    }
}
