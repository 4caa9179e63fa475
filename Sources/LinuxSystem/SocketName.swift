import SystemPackage

/// The name of a socket outside any file system (`unix(7)`, abstract), as stored in a file.
struct SocketName {
    /// ASCII, at most 40 bytes.
    let text: [UInt8]

    private static let prefix = Array("holdfast-".utf8)
    private static let digitCount = 20

    /// A random name, so that nobody can guess it and take it first.
    static func random() -> SocketName {
        let digits = UInt64.random(in: 0 ... .max).padded(to: digitCount)
        return SocketName(text: prefix + Array(digits.utf8))
    }

    /// The name in the file at `path`; nil for any other file, such as a socket.
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
