import TestSupport
import Testing

@Suite("Remotes that are named in a wrong way")
struct RemoteUsageTests {
    @Test(
        "what can be no URL, recipient, endpoint or region is wrong usage, said with the option and a remedy",
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
            (
                ["adopt", "s3://bucket", "--endpoint", "https://host/path"],
                "--endpoint: 'https://host/path' cannot be an endpoint: write https://HOST"
            ),
            (
                ["log", "--from", "s3://bucket", "--endpoint", "https://u:secret@host"],
                "--endpoint: a URL with a user cannot be an endpoint: write https://HOST"
            ),
            (["remote", "check", "s3://bucket", "--region", "eu.1"], "--region: 'eu.1' cannot be a region"),
            (["sync", "--remote", "s3://b"], "--remote: b cannot be the name of a bucket"),
        ]
    )
    func usage(arguments: [String], text: String) throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", protection.data)
        let result = try protection.holdfast(arguments, expecting: 64)
        #expect(result.stderr.contains(text) && !result.stderr.contains("secret"), "\(result)")
    }
}
