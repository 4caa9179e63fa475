import Testing
import WebClient

@testable import Remote

@Suite("A location of S3")
struct S3LocationTests {
    @Test("has its bucket in the host's name at AWS, and in the path elsewhere")
    func styles() throws {
        let name = try #require(ObjectName("a/b"))
        let amazon = try S3Location(region: "eu-west-1", bucket: "bucket", prefix: "some/where/")
        #expect(amazon.requestHost == "bucket.s3.eu-west-1.amazonaws.com")
        #expect(amazon.path(name) == "/some/where/a/b")
        #expect(amazon.path(nil) == "/")
        let other = try S3Location(endpoint: "http://Host:9000/", region: "x", bucket: "bucket")
        #expect(other.requestHost == "host:9000")
        #expect(other.path(name) == "/bucket/a/b")
        #expect(other.path(nil) == "/bucket")
        let forced = try S3Location(
            endpoint: "https://h:443",
            region: "x",
            bucket: "bucket",
            isPathStyle: false
        )
        #expect(forced.requestHost == "bucket.h")
        for (endpoint, host) in [
            ("http://[::1]:9000/", "[::1]:9000"), ("HTTP://[::1]:80", "[::1]"), ("https://[::1]", "[::1]"),
            ("https://a_b.c:65535", "a_b.c:65535"),
        ] {
            #expect(try S3Location(endpoint: endpoint, region: "x", bucket: "bucket").requestHost == host)
        }
    }

    @Test("knows its own objects among others")
    func names() throws {
        let location = try S3Location(region: "x", bucket: "bucket", prefix: "p")
        #expect(location.name("p/a/b") == ObjectName("a/b"))
        #expect(location.name("p/") == nil)
        #expect(location.name("pa") == nil)
        #expect(location.name("p/a_b") == nil)
    }

    @Test(
        "is refused if a part cannot be one",
        arguments: [
            ("https://h", "bucket", "a//b"), ("https://h", "bucket", "../a"), ("https://h", "bucket", "a b"),
            ("https://h", "b/c", ""), ("https://h", "", ""), ("ftp://h", "bucket", ""),
            ("https://", "bucket", ""),
            ("https://u:p@h", "bucket", ""), ("https://h/path", "bucket", ""),
            ("https://h:99999", "bucket", ""), ("https://h:0", "bucket", ""), ("https://h:+1", "bucket", ""),
            ("https://h:1:2", "bucket", ""), ("https://h:", "bucket", ""), ("https://:9000", "bucket", ""),
            ("https://[::1", "bucket", ""), ("https://[]", "bucket", ""), ("https://[::1]h", "bucket", ""),
            ("h:9000", "bucket", ""), ("", "bucket", ""), ("https:///h", "bucket", ""),
        ]
    )
    func refused(endpoint: String, bucket: String, prefix: String) {
        #expect(throws: RemoteError.self) {
            try S3Location(endpoint: endpoint, region: "x", bucket: bucket, prefix: prefix)
        }
    }

    @Test("takes the proxy that the environment names, unless its host is excepted")
    func proxies() throws {
        func proxy(_ endpoint: String, _ variables: [String: String]) throws -> WebProxy? {
            var location = try S3Location(endpoint: endpoint, region: "x", bucket: "bucket")
            try location.takeProxy { variables[$0] }
            return location.proxy
        }
        let variables = [
            "HTTPS_PROXY": "http://u:secret@p:1", "http_proxy": "q", "NO_PROXY": "localhost, .in.side",
        ]
        let secure = try #require(try proxy("https://h", variables))
        #expect(secure.host == "p" && secure.port == 1)
        #expect(!"\(secure)".contains("secret"))
        #expect(try proxy("http://h", variables) == WebProxy("http://q:80"))
        #expect(try proxy("https://localhost:1", variables) == nil)
        #expect(try proxy("https://a.IN.side", variables) == nil)
        #expect(try proxy("https://begin.side", variables) != nil)
        #expect(try proxy("https://h", [:]) == nil)
        #expect(try proxy("https://h", ["HTTPS_PROXY": "p", "no_proxy": "*"]) == nil)
        let error = try #require(throws: RemoteError.self) {
            try proxy("https://h", ["HTTPS_PROXY": "socks5://u:secret@p"])
        }
        #expect(!error.description.contains("secret"))
    }
}
