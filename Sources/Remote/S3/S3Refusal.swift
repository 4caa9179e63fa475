import WebClient

/// What an answer says that is no success.
struct S3Refusal {
    let status: Int
    /// S3's own word, such as `NoSuchKey`; nil if the answer has none, as that to HEAD.
    let code: String?
    private let message: String?
    /// Where the bucket is, if the answer says so.
    private let region: String?

    init(_ answer: WebAnswer) {
        let root = try? XMLElement(document: answer.content)
        let error = root?.name == "Error" ? root : nil
        status = answer.status
        code = error?["Code"].map { Self.printable($0, 60) }
        message = error?["Message"].map { Self.printable($0, 200) }
        region = (answer.header("x-amz-bucket-region") ?? error?["Region"]).map { Self.printable($0, 60) }
    }

    /// On one line, without what a terminal would obey.
    private static func printable(_ text: String, _ most: Int) -> String {
        let scalars = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(scalars.prefix(most)))
    }

    /// `SlowDown (HTTP 503)`.
    var summary: String { code.map { "\($0) (HTTP \(status))" } ?? "HTTP \(status)" }

    private var detail: String { summary + (message.map { ": \($0)" } ?? "") }

    /// The credentials were refused; others may be accepted.
    var isOfCredentials: Bool {
        status == 401 || status == 403
            || ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"].contains(code)
    }

    /// The object is locked, or may not be deleted with these credentials.
    var isOfDeletion: Bool {
        switch code {
        case "AccessDenied", "ObjectLocked", "AllAccessDisabled": true
        case "InvalidRequest", "MethodNotAllowed":
            ["WORM", "lock", "retention"].contains { message?.contains($0) == true }
        default: false
        }
    }

    /// - Parameters:
    ///   - subject: the object or the bucket, as people call it.
    ///   - location: of the bucket.
    func error(_ subject: String, _ location: S3Location) -> RemoteError {
        switch code {
        case "NoSuchBucket":
            return RemoteError(
                .noSuchRemote,
                "\(subject): there is no bucket \(location.bucket): create it, or check its name and the endpoint"
            )
        case "NoSuchKey", "NoSuchUpload", "NoSuchVersion":
            return RemoteError(.missing, "\(subject): \(summary)")
        case "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "BadDigest",
            "IncompleteBody",
            "XAmzContentSHA256Mismatch":
            return RemoteError(.unavailable, "\(subject): \(detail)")
        case "ConditionalRequestConflict", "OperationAborted":
            return RemoteError(.conflict, "\(subject): \(summary)")
        default: break
        }
        // The region's own answer comes with several statuses.
        if let wrong = wrongRegion(location) { return RemoteError(.failed, "\(subject): \(wrong)") }
        if isOfCredentials { return RemoteError(.forbidden, "\(subject): \(summary); \(remedy)") }
        switch status {
        case 404: return RemoteError(.missing, "\(subject): \(summary)")
        case 409: return RemoteError(.conflict, "\(subject): \(detail)")
        case 408, 429, 500, 502..<600: return RemoteError(.unavailable, "\(subject): \(detail)")
        default: return RemoteError(.failed, "\(subject): \(detail)")
        }
    }

    private func wrongRegion(_ location: S3Location) -> String? {
        let isRedirect = [301, 302, 307, 308].contains(status)
        guard isRedirect || code == "AuthorizationHeaderMalformed" else { return nil }
        if let region, region != location.region {
            return "the bucket \(location.bucket) is in the region \(region), not \(location.region): "
                + "change the region"
        }
        return "\(summary): the bucket is not at \(location.endpoint): check the region and the endpoint"
    }

    private var remedy: String {
        switch code {
        case "InvalidAccessKeyId":
            "the store does not know this access key: check AWS_ACCESS_KEY_ID or the profile"
        case "SignatureDoesNotMatch":
            "the secret key does not belong to the access key: check AWS_SECRET_ACCESS_KEY or the profile"
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            "the session token is no longer valid: renew it"
        case "RequestTimeTooSkewed": "the clock of this machine is wrong: set it"
        default: "these credentials may not do that: allow s3:PutObject, s3:GetObject and s3:ListBucket"
        }
    }
}
