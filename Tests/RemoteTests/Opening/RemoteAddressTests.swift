import LinuxSystem
import SystemPackage
import Testing

@testable import Remote

@Suite("The address of a remote")
struct RemoteAddressTests {
    @Test(
        "is a bucket with a prefix, or a directory, and is written in one form",
        arguments: [
            ("s3://bucket/some/where", RemoteAddress.bucket("bucket", prefix: "some/where"), nil),
            ("S3://bucket/", .bucket("bucket", prefix: ""), "s3://bucket"),
            ("s3://bucket", .bucket("bucket", prefix: ""), nil),
            ("s3://bucket/p_~.-/", .bucket("bucket", prefix: "p_~.-"), "s3://bucket/p_~.-"),
            ("file:///mnt/disk", .directory("/mnt/disk"), nil),
            ("FILE:///mnt//disk/", .directory("/mnt/disk"), "file:///mnt/disk"),
            ("file:///a%20b%3f%25", .directory("/a b?%"), "file:///a%20b%3F%25"),
            ("file:///a b", .directory("/a b"), "file:///a%20b"),
            ("file:///ü@1", .directory("/ü@1"), "file:///%C3%BC@1"),
            ("file:///%ff", .directory(FilePath(bytes: [0x2F, 0xFF])!), "file:///%FF"),
        ] as [(String, RemoteAddress, String?)]
    )
    func accepted(url: String, address: RemoteAddress, written: String?) throws {
        #expect(try RemoteAddress(url) == address)
        #expect(address.description == written ?? url)
        #expect(try RemoteAddress(address.description) == address)
    }

    @Test(
        "is refused otherwise, with an example",
        arguments: [
            ("", "s3://BUCKET/PREFIX"), ("bucket/prefix", "s3://BUCKET/PREFIX"),
            ("https://host/bucket", "s3://BUCKET/PREFIX"), ("s3:bucket", "s3://BUCKET/PREFIX"),
            ("s3://", "s3://BUCKET/PREFIX"), ("s3:///prefix", "s3://BUCKET/PREFIX"),
            ("s3://b", "name of a bucket"), ("s3://bucket/a//b", "prefix"), ("s3://bucket/../b", "prefix"),
            ("s3://bucket/a%20b", "prefix"), ("s3://bucket:9000/a", "s3://BUCKET/PREFIX"),
            ("/mnt/a disk", "file:///mnt/a%20disk"), ("file:/mnt/disk", "file:///mnt/disk/holdfast"),
            ("file://host/mnt", "file:///mnt/disk/holdfast"), ("file://mnt", "three slashes"),
            ("file:////host/share", "three slashes"), ("file:///", "a directory of its own"),
            ("file:///a/../b", "without . and .."), ("file:///a/./b", "without . and .."),
            ("file:///a%", "%25"), ("file:///a%2", "%25"), ("file:///a%zz", "%25"), ("file:///a%00", "%25"),
            ("file:///a%2Fb", "%25"), ("file:///a?b", "%3F"), ("file:///a#b", "%23"),
        ]
    )
    func refused(url: String, example: String) {
        let text = expect(.failed) { _ = try RemoteAddress(url) }
        #expect(text.contains(example), "\(text)")
    }

    @Test(
        "has no secret, and neither has the error",
        arguments: [
            "s3://KEY:swordfish@bucket/prefix", "s3://bucket/prefix?key=swordfish", "s3://bucket/p#swordfish",
            "s3://KEY:swordfish", "https://u:swordfish@host/bucket", "swordfish", "file://u:swordfish@host/a",
            "file:///a?swordfish",
        ]
    )
    func secrets(url: String) {
        let text = expect(.failed) { _ = try RemoteAddress(url) }
        #expect(!text.contains("swordfish"))
    }
}
