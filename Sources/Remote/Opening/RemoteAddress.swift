import LinuxSystem
package import SystemPackage

/// Where a remote is, as people write it: `s3://BUCKET/PREFIX` or `file:///PATH`.
///
/// A text is an address if and only if:
/// 1. It begins with `s3://` and a bucket, with or without a prefix; or with `file://` and an absolute path,
///    in which `%XX` is a byte.
/// 2. It has no user, password, query or fragment. So an address has no secret.
///
/// No error repeats a text that may have a secret.
package enum RemoteAddress: Hashable, Sendable {
    /// The prefix has no slash at either end; empty for the whole bucket.
    case bucket(String, prefix: String)
    /// An absolute path.
    case directory(FilePath)

    /// Throws `RemoteError.failed` with an example.
    package init(_ url: String) throws(RemoteError) {
        guard !url.hasPrefix("/") else {
            let example =
                FilePath(url).isAbsolute ? "\(Self.directory(FilePath(url)))" : Self.directoryExample
            throw RemoteError(.failed, "a remote is named by a URL, not by a path: write \(example)")
        }
        if let rest = Self.rest(of: url, after: "s3://") {
            self = try Self.bucket(rest)
        } else if let rest = Self.rest(of: url, after: "file:") {
            self = try Self.directory(rest)
        } else {
            throw RemoteError(
                .failed,
                "not the URL of a remote: \(Self.bucketExample) and \(Self.directoryExample) are"
            )
        }
    }

    private static let bucketExample = "s3://BUCKET/PREFIX"
    private static let directoryExample = "file:///mnt/disk/holdfast"

    /// Schemes have no case.
    private static func rest(of url: String, after start: String) -> Substring? {
        url.prefix(start.count).lowercased() == start ? url.dropFirst(start.count) : nil
    }

    private static func bucket(_ rest: Substring) throws(RemoteError) -> RemoteAddress {
        guard !rest.contains(where: { "@:?#".contains($0) }) else {
            throw RemoteError(
                .failed,
                "the URL of a bucket is \(bucketExample), without user, port, query and fragment: credentials belong "
                    + "into the environment or ~/.aws/credentials"
            )
        }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bucket = String(parts.first ?? "")
        guard !bucket.isEmpty else {
            throw RemoteError(.failed, "no bucket in the URL: write \(bucketExample)")
        }
        let prefix = try S3Location.checked(bucket: bucket, prefix: parts.count > 1 ? String(parts[1]) : "")
        return .bucket(bucket, prefix: prefix)
    }

    private static func directory(_ rest: Substring) throws(RemoteError) -> RemoteAddress {
        guard rest.hasPrefix("///"), !rest.hasPrefix("////") else {
            throw RemoteError(
                .failed,
                "the URL of a directory has three slashes, no host, and an absolute path: \(directoryExample)"
            )
        }
        guard !rest.contains(where: { "?#".contains($0) }) else {
            throw RemoteError(
                .failed,
                "the URL of a directory has no query and no fragment: write %3F for ? and %23 for # in its path"
            )
        }
        guard let bytes = decoded(rest.dropFirst(2)), let path = FilePath(bytes: bytes) else {
            throw RemoteError(
                .failed,
                "the URL of a directory has a % that is no byte of a path: write %25 for % itself"
            )
        }
        guard !path.components.isEmpty, path.components.allSatisfy({ $0.kind == .regular }) else {
            throw RemoteError(
                .failed,
                "a remote needs a directory of its own, named without . and ..: \(directoryExample)"
            )
        }
        return .directory(path)
    }

    /// Nil for a `%` without two digits, a zero byte, or a slash that is not written as one.
    private static func decoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                guard byte != 0 else { return nil }
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count == 2 else { return nil }
            let value = UInt8(digits[0] << 4 | digits[1])
            guard value != 0, value != UInt8(ascii: "/") else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

extension RemoteAddress: CustomStringConvertible {
    /// The only form that this address is written in; it can be read again.
    package var description: String {
        switch self {
        case .bucket(let bucket, let prefix): prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)"
        case .directory(let path): "file://" + path.bytes.percentEncoded(except: "-._~/@+,=:")
        }
    }
}
