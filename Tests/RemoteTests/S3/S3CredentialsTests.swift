import LinuxSystem
import TestSupport
import Testing

@testable import Remote

@Suite("Credentials of S3")
struct S3CredentialsTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func source(_ variables: [String: String]) -> S3CredentialSource {
        var variables = variables
        variables["AWS_SHARED_CREDENTIALS_FILE"] = directory.file("credentials")
        variables["AWS_CONFIG_FILE"] = directory.file("config")
        return S3CredentialSource { [variables] in variables[$0] }
    }

    private func write(_ text: String, to name: String = "credentials") throws {
        try directory.write(Array(text.utf8), to: name)
    }

    @Test("come from the environment first")
    func environment() throws {
        try write("[default]\naws_access_key_id=F\naws_secret_access_key=FS\n")
        let found = try source([
            "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T",
        ]).current()
        #expect(found == S3Credentials(accessKey: "A", secretKey: "S", sessionToken: "T"))
    }

    @Test("come from the profile, from the file of credentials before the other one")
    func profiles() throws {
        try write(
            """
            # comment = [x]
            [ default ]
            AWS_Access_Key_Id = D
            aws_secret_access_key = a=b/c+d==
            [other]\r
            aws_access_key_id=O\r
            aws_secret_access_key=OS\r
            aws_session_token = \r
            """
        )
        try write(
            """
            [default]
            region = eu-west-1
            s3 =
              aws_access_key_id = nested
            [profile other]
            aws_access_key_id = X
            [profile third]
            aws_access_key_id = C
            aws_secret_access_key = CS
            """,
            to: "config"
        )
        #expect(try source([:]).current() == S3Credentials(accessKey: "D", secretKey: "a=b/c+d=="))
        #expect(try source([:]).region() == "eu-west-1")
        let other = source(["AWS_PROFILE": "other"])
        #expect(try other.current() == S3Credentials(accessKey: "O", secretKey: "OS"))
        #expect(
            try source(["AWS_PROFILE": "third"]).current() == S3Credentials(accessKey: "C", secretKey: "CS")
        )
    }

    @Test("that are missing are said to be, with the places where they could be")
    func missing() throws {
        let error = try #require(throws: RemoteError.self) { try source(["AWS_PROFILE": "p"]).current() }
        #expect(error.kind == .forbidden)
        #expect(error.description.contains("the profile p has none in \(directory.path)/credentials"))
        #expect(throws: RemoteError.self) { try source(["AWS_ACCESS_KEY_ID": "A"]).current() }
    }

    @Test("are read again at most once in a minute")
    func renewal() throws {
        let start = MonotonicInstant.now
        try write("[default]\naws_access_key_id=A\naws_secret_access_key=1\n")
        let source = source([:])
        #expect(try source.current().secretKey == "1")
        try write("[default]\naws_access_key_id=A\naws_secret_access_key=2\n")
        #expect(try !source.renew(now: start.advanced(by: .seconds(59))))
        #expect(try source.current().secretKey == "1")
        let later = start.advanced(by: .seconds(120))
        #expect(try source.renew(now: later))
        #expect(try source.current().secretKey == "2")
        try write("[default]\naws_access_key_id=A\naws_secret_access_key=3\n")
        #expect(try !source.renew(now: later.advanced(by: .seconds(59))))
        #expect(try source.renew(now: later.advanced(by: .seconds(60))))
        #expect(try !source.renew(now: later.advanced(by: .seconds(120))))
    }

    @Test("never show their secret")
    func description() throws {
        let credentials = S3Credentials(
            accessKey: "AKIAVISIBLE",
            secretKey: "hidden1",
            sessionToken: "hidden2"
        )
        var dumped = ""
        dump(credentials, to: &dumped)
        dump([Optional(credentials)], to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped] {
            #expect(!text.contains("hidden") && !text.contains("VISIBLE"))
        }
    }
}
