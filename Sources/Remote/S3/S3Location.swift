import LinuxSystem
package import WebClient

/// Where a bucket is, and how it is reached.
package struct S3Location: Sendable {
    /// `https://HOST[:PORT]` or `http://…`, without a slash at the end.
    package let endpoint: String
    package let region: String
    package let bucket: String
    /// Under it are all objects; empty for the whole bucket. No slash at either end.
    package let prefix: String
    /// The bucket is in the path, instead of in the host's name.
    package let isPathStyle: Bool
    /// The endpoint as a Host header has it: with the port only if it is not the scheme's own.
    let host: String
    let isSecure: Bool

    /// A PEM file with the authorities that count instead of the system's.
    package var authorities: String?
    package var proxy: WebProxy?
    /// For all uploads together; nil for no limit.
    package var uploadBytesPerSecond: Int?

    /// - Parameters:
    ///   - endpoint: nil for the one of AWS.
    ///   - isPathStyle: nil for what is usual: in the path if there is an endpoint.
    ///
    /// Throws `RemoteError.failed` if a part cannot be one.
    package init(
        endpoint: String? = nil,
        region: String,
        bucket: String,
        prefix: String = "",
        isPathStyle: Bool? = nil
    ) throws(RemoteError) {
        try Self.check(region: region)
        let prefix = try Self.checked(bucket: bucket, prefix: prefix)
        let endpoint = endpoint ?? "https://s3.\(region).amazonaws.com"
        let parts = try Self.checked(endpoint: endpoint)
        self.isPathStyle = isPathStyle ?? (endpoint != "https://s3.\(region).amazonaws.com")
        (self.region, self.bucket, self.prefix) = (region, bucket, prefix)
        (isSecure, host) = parts
        self.endpoint = (parts.isSecure ? "https://" : "http://") + parts.host
    }

    /// The prefix without slashes at its end. Throws `RemoteError.failed` if one of them is impossible.
    static func checked(bucket: String, prefix: String) throws(RemoteError) -> String {
        guard isName(bucket, "-._"), 3...255 ~= bucket.utf8.count, bucket.first != "." else {
            throw RemoteError(.failed, "\(bucket.printable) cannot be the name of a bucket")
        }
        var prefix = prefix[...]
        while prefix.hasSuffix("/") { prefix.removeLast() }
        let components = prefix.split(separator: "/", omittingEmptySubsequences: false)
        guard prefix.isEmpty || components.allSatisfy({ isName($0, "-._~") && $0 != "." && $0 != ".." })
        else {
            throw RemoteError(
                .failed,
                "\(String(prefix).printable) cannot be a prefix: letters, digits and -._~ between slashes can"
            )
        }
        return String(prefix)
    }

    private static func isName(_ text: some StringProtocol, _ others: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isLetterOrDigit || others.utf8.contains($0) }
    }

    /// Throws `RemoteError.failed` if that cannot be a region.
    package static func check(region: String) throws(RemoteError) {
        guard isName(region, "-") else {
            throw RemoteError(.failed, "'\(region.printable)' cannot be a region: letters, digits and - can")
        }
    }

    /// The host of `https://HOST[:PORT]` or `http://…`, as a Host header has it. One slash at the end is
    /// ignored. Throws `RemoteError.failed` for any other text.
    package static func checked(endpoint: String) throws(RemoteError) -> (isSecure: Bool, host: String) {
        let isSecure = endpoint.lowercased().hasPrefix("https://")
        if isSecure || endpoint.lowercased().hasPrefix("http://"),
            let host = server(endpoint.dropFirst(isSecure ? 8 : 7), usualPort: isSecure ? ":443" : ":80")
        {
            return (isSecure, host)
        }
        // A password in it must not be shown.
        let shown = endpoint.contains("@") ? "a URL with a user" : "'\(endpoint.printable)'"
        throw RemoteError(.failed, "\(shown) cannot be an endpoint: write https://HOST or https://HOST:PORT")
    }

    /// A host, and its port unless it is the usual one (RFC 3986, section 3.2); nil if the text is no server.
    private static func server(_ text: Substring, usualPort: String) -> String? {
        let text = text.hasSuffix("/") ? text.dropLast() : text
        // An address of IPv6 has colons within its brackets.
        let start = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.startIndex
        let colon = text[start...].firstIndex(of: ":") ?? text.endIndex
        let (name, port) = (text[..<colon], text[colon...])
        let isAddress = name.hasPrefix("[") && name.hasSuffix("]")
        guard isAddress ? isName(name.dropFirst().dropLast(), ":.") : isName(name, "-._") else { return nil }
        let number = port.dropFirst()
        guard port.isEmpty || number.allSatisfy(\.isNumber) && (UInt16(number) ?? 0) > 0 else { return nil }
        return (port == usualPort ? name : text).lowercased()
    }

    /// The host's name or address, without its port.
    package var hostName: String {
        if host.hasPrefix("["), let end = host.lastIndex(of: "]") { return String(host[...end]) }
        return String(host.prefix { $0 != ":" })
    }

    /// Takes the proxy that the environment names (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`).
    package mutating func takeProxy(from environment: (String) -> String?) throws(RemoteError) {
        do {
            proxy = try WebProxy.named(by: environment, forHost: hostName, isSecure: isSecure)
        } catch {
            throw RemoteError(.failed, error.description)
        }
    }

    /// The Host header of a request.
    var requestHost: String { isPathStyle ? host : "\(bucket).\(host)" }

    /// The path of an object, or with nil of the bucket.
    func path(_ name: ObjectName?) -> String {
        let base = isPathStyle ? "/\(bucket)" : ""
        return name.map { "\(base)/\(key($0.text))" } ?? (base.isEmpty ? "/" : base)
    }

    /// What the store calls an object, or a prefix of names.
    func key(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }

    /// The object that the store calls so; nil if it is none of ours.
    func name(_ key: String) -> ObjectName? {
        let start = self.key("")
        return key.hasPrefix(start) ? ObjectName(String(key.dropFirst(start.count))) : nil
    }
}

extension S3Location: CustomStringConvertible {
    package var description: String { prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)" }
}
