import Testing
import WebClient

@testable import Remote

@Suite("What a store refuses")
struct S3RefusalTests {
    private static func refusal(_ status: Int, _ code: String, _ rest: String = "") -> S3Refusal {
        let document = "<Error><Code>\(code)</Code>\(rest)</Error>"
        return S3Refusal(
            WebAnswer(status: status, headers: [], content: code.isEmpty ? [] : Array(document.utf8))
        )
    }

    private static func error(_ refusal: S3Refusal) throws -> RemoteError {
        refusal.error("s3://b/o", try S3Location(region: "eu-west-1", bucket: "bucket"))
    }

    @Test(
        "is of a kind",
        arguments: [
            (404, "NoSuchKey", RemoteError.Kind.missing), (404, "", .missing),
            (404, "NoSuchUpload", .missing),
            (404, "NoSuchBucket", .noSuchRemote), (403, "AccessDenied", .forbidden), (401, "", .forbidden),
            (400, "ExpiredToken", .forbidden), (409, "ConditionalRequestConflict", .conflict),
            (500, "InternalError", .unavailable), (200, "InternalError", .unavailable),
            (502, "", .unavailable),
            (503, "SlowDown", .unavailable), (429, "", .unavailable), (400, "RequestTimeout", .unavailable),
            (400, "BadDigest", .unavailable), (400, "InvalidRequest", .failed),
            (501, "NotImplemented", .failed),
            (301, "PermanentRedirect", .failed),
        ]
    )
    func kinds(status: Int, code: String, kind: RemoteError.Kind) throws {
        let error = try Self.error(Self.refusal(status, code))
        #expect(error.kind == kind)
        #expect(error.description.contains("s3://b/o"))
        if kind != .noSuchRemote { #expect(error.description.contains(code)) }
    }

    @Test("names the region where the bucket is")
    func region() throws {
        let error = try Self.error(
            Self.refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>")
        )
        #expect(error.kind == .failed)
        #expect(error.description.contains("in the region eu-central-1, not eu-west-1"))
    }

    @Test("says nothing that a terminal would obey, and nothing of a refused key")
    func text() throws {
        let message = "<Message>no \u{9B}\n&#27;[31mAKIASECRET</Message>"
        #expect(
            try Self.error(Self.refusal(400, "A", message)).description
                == "s3://b/o: A (HTTP 400): no [31mAKIASECRET"
        )
        #expect(
            try !Self.error(Self.refusal(403, "InvalidAccessKeyId", message)).description.contains("SECRET")
        )
    }

    @Test("is of a deletion if the object is locked, and not if the credentials are wrong")
    func deletion() {
        #expect(Self.refusal(403, "AccessDenied").isOfDeletion)
        let worm = "<Message>Object is WORM protected and cannot be overwritten</Message>"
        #expect(Self.refusal(400, "InvalidRequest", worm).isOfDeletion)
        #expect(!Self.refusal(400, "InvalidRequest").isOfDeletion)
        #expect(!Self.refusal(403, "SignatureDoesNotMatch").isOfDeletion)
    }
}
