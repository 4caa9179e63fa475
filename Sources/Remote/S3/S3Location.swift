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
        guard Self.isName(region, "-") else {
            throw RemoteError(.failed, "\(region.printable) cannot be a region")
        }
        let prefix = try Self.checked(bucket: bucket, prefix: prefix)
        let endpoint = endpoint ?? "https://s3.\(region).amazonaws.com"
        guard let parts = Self.parts(endpoint) else {
            // A password in it must not be shown.
            let shown = endpoint.contains("@") ? "a URL with a user" : endpoint.printable
            throw RemoteError(.failed, "\(shown) cannot be an endpoint: https://HOST[:PORT] can")
        }
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
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: others.utf8.contains(byte)
                }
            }
    }

    private static func parts(_ endpoint: String) -> (isSecure: Bool, host: String)? {
        let isSecure = endpoint.lowercased().hasPrefix("https://")
        guard isSecure || endpoint.lowercased().hasPrefix("http://") else { return nil }
        var host = endpoint.dropFirst(isSecure ? 8 : 7)
        if host.hasSuffix("/") { host.removeLast() }
        guard isName(host, "-.:[]_") else { return nil }
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            guard UInt16(host[host.index(after: colon)...]) != nil else { return nil }
            if host.hasSuffix(isSecure ? ":443" : ":80") { host = host[..<colon] }
        }
        return host.isEmpty || host.hasPrefix(":") ? nil : (isSecure, host.lowercased())
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
