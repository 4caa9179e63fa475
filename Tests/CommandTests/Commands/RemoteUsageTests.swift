import TestSupport
import Testing

@Suite("Remotes that are named in a wrong way")
struct RemoteUsageTests {
    @Test(
        "a URL or a recipient that is none is wrong usage, and is said with its option and what to write",
        arguments: [
            (["remote", "add", "nas", "ftp://host/x"], "s3://BUCKET/PREFIX"),
            (["remote", "add", "nas", "rel/path"], "s3://BUCKET/PREFIX"),
            (["remote", "add", "nas", "/mnt/nas"], "write file:///mnt/nas"),
            (["remote", "add", "nas", "s3://b"], "b cannot be the name of a bucket"),
            (
                ["remote", "add", "nas", "file:///tmp/none", "--recipient", "holdfast1xyz"],
                "--recipient: a recipient with a typing error"
            ),
            (["log", "--from", "s3://b"], "--from: b cannot be the name of a bucket"),
            (["adopt", "ftp://host/x"], "s3://BUCKET/PREFIX"),
            (["sync", "--remote", "s3://b"], "--remote: b cannot be the name of a bucket"),
        ]
    )
    func usage(arguments: [String], text: String) throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", protection.data)
        let result = try protection.holdfast(arguments, expecting: 64)
        #expect(result.stderr.contains(text), "\(result)")
    }
}
