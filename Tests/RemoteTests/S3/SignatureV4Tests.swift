import Testing

@testable import Remote

/// The examples of "Signature Calculations for the Authorization Header" in Amazon's S3 documentation, and of
/// the test suite of Signature Version 4.
@Suite("Signature Version 4")
struct SignatureV4Tests {
    private static let emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let account = S3Credentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE",
        secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )

    private static func request(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        digest: String = emptyDigest
    ) -> SignatureV4 {
        let always = [
            (name: "Host", value: "examplebucket.s3.amazonaws.com"),
            (name: "x-amz-date", value: "20130524T000000Z"),
            (name: "x-amz-content-sha256", value: digest),
        ]
        return SignatureV4(
            method: method,
            path: path,
            query: query,
            headers: headers + always,
            contentDigest: digest,
            region: "us-east-1",
            time: "20130524T000000Z"
        )
    }

    @Test("signs a GET of a range")
    func get() {
        let request = Self.request("GET", "/test.txt", headers: [("Range", "bytes=0-9")])
        #expect(
            request.canonicalRequest == """
                GET
                /test.txt

                host:examplebucket.s3.amazonaws.com
                range:bytes=0-9
                x-amz-content-sha256:\(Self.emptyDigest)
                x-amz-date:20130524T000000Z

                host;range;x-amz-content-sha256;x-amz-date
                \(Self.emptyDigest)
                """
        )
        #expect(
            request.authorization(Self.account)
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
    }

    @Test("signs a PUT of a name that must be encoded")
    func put() {
        let request = Self.request(
            "PUT",
            "/test$file.text",
            headers: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            digest: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
        )
        #expect(
            request.signature(Self.account)
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        )
    }

    @Test("signs queries: with an empty value, and in their order")
    func queries() {
        #expect(
            Self.request("GET", "/", query: [("lifecycle", "")]).signature(Self.account)
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        )
        #expect(
            Self.request("GET", "/", query: [("prefix", "J"), ("max-keys", "2")]).signature(Self.account)
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        )
    }

    @Test("signs get-vanilla of the test suite")
    func vanilla() {
        let request = SignatureV4(
            service: "service",
            method: "GET",
            path: "/",
            headers: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")],
            contentDigest: Self.emptyDigest,
            region: "us-east-1",
            time: "20150830T123600Z"
        )
        let account = S3Credentials(
            accessKey: "AKIDEXAMPLE",
            secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        )
        #expect(
            request.signature(account) == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        )
    }

    @Test("encodes what a query may not have")
    func encoding() {
        #expect(SignatureV4.encoded("a/b c~ä\n") == "a%2Fb%20c~%C3%A4%0A")
        #expect(SignatureV4.encoded("a/b", slashes: true) == "a/b")
    }
}
