import Crypto
import LinuxSystem

/// A request as Signature Version 4 sees it, and its signature
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
struct SignatureV4 {
    var service = "s3"
    let method: String
    /// Not encoded.
    let path: String
    /// Not encoded.
    var query: [(name: String, value: String)] = []
    /// All that are signed, among them `Host` and `X-Amz-Date`.
    let headers: [(name: String, value: String)]
    /// The SHA-256 of the content.
    let contentDigest: String
    let region: String
    /// `YYYYMMDDTHHMMSSZ`.
    let time: String

    /// Names in lower case, ordered.
    private var canonicalHeaders: [(name: String, value: String)] {
        headers.map { (name: $0.name.lowercased(), value: Self.collapsed($0.value)) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private var signedHeaders: String { canonicalHeaders.map(\.name).joined(separator: ";") }

    var canonicalQuery: String {
        query.map { (name: Self.encoded($0.name), value: Self.encoded($0.value)) }
            .sorted { one, other in
                one.name == other.name
                    ? one.value.utf8.lexicographicallyPrecedes(other.value.utf8)
                    : one.name.utf8.lexicographicallyPrecedes(other.name.utf8)
            }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    var canonicalPath: String { Self.encoded(path, slashes: true) }

    var canonicalRequest: String {
        let headers = canonicalHeaders.map { "\($0.name):\($0.value)\n" }.joined()
        return [method, canonicalPath, canonicalQuery, headers, signedHeaders, contentDigest]
            .joined(separator: "\n")
    }

    private var scope: String { "\(time.prefix(8))/\(region)/\(service)/aws4_request" }

    var stringToSign: String {
        let digest = Array(SHA256.hash(data: Array(canonicalRequest.utf8))).hexadecimal
        return "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(digest)"
    }

    func signature(_ credentials: S3Credentials) -> String {
        var key = SymmetricKey(data: Array("AWS4\(credentials.secretKey)".utf8))
        for part in [String(time.prefix(8)), region, service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        let code = HMAC<SHA256>.authenticationCode(for: Array(stringToSign.utf8), using: key)
        return Array(code).hexadecimal
    }

    /// The value of the Authorization header.
    func authorization(_ credentials: S3Credentials) -> String {
        "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope),SignedHeaders=\(signedHeaders),"
            + "Signature=\(signature(credentials))"
    }

    /// Every byte but letters, digits and `-._~` as `%XY`.
    static func encoded(_ text: String, slashes: Bool = false) -> String {
        Array(text.utf8).percentEncoded(except: slashes ? "-._~/" : "-._~")
    }

    /// Without spaces at the ends, and with one instead of several.
    private static func collapsed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
