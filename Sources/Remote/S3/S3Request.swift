import Crypto
import FoundationEssentials
import LinuxSystem
import WebClient

/// A request before it is signed.
struct S3Request {
    let method: WebExchange.Method
    /// Nil for one about the bucket.
    let name: ObjectName?
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var content: [UInt8] = []
    /// Content-MD5 is sent: an object lock demands it.
    var isChecked = false
    var answerLimit = S3Store.answerLimit

    init(_ method: WebExchange.Method, _ name: ObjectName?) {
        (self.method, self.name) = (method, name)
    }

    /// The request as it is sent, all its headers signed.
    func exchange(
        _ location: S3Location,
        _ credentials: S3Credentials,
        _ contentDigest: String,
        _ time: Instant
    ) -> WebExchange {
        let time = S3Time.signed(time)
        var headers = headers
        headers.append(("Host", location.requestHost))
        headers.append(("x-amz-content-sha256", contentDigest))
        headers.append(("x-amz-date", time))
        if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
        if isChecked {
            headers.append(("Content-MD5", Data(Insecure.MD5.hash(data: content)).base64EncodedString()))
        }
        let signature = SignatureV4(
            method: method.rawValue,
            path: location.path(name),
            query: query,
            headers: headers,
            contentDigest: contentDigest,
            region: location.region,
            time: time
        )
        headers.append(("Authorization", signature.authorization(credentials)))
        headers.append(("User-Agent", "holdfast"))
        let scheme = location.isSecure ? "https" : "http"
        let parameters = query.isEmpty ? "" : "?\(signature.canonicalQuery)"
        return WebExchange(
            method,
            "\(scheme)://\(location.requestHost)\(signature.canonicalPath)\(parameters)",
            headers: headers,
            content: content,
            answerLimit: answerLimit
        )
    }
}
