import LinuxSystem
import TestSupport
import Testing

@testable import Remote

/// Servers that do not answer, or not as they should.
@Suite("A store that fails")
struct S3FailureTests {
    private static let name = ObjectName("a")!

    private func store(
        _ endpoint: String,
        patience: Duration = .seconds(60),
        _ change: (inout S3Location) -> Void = { _ in }
    ) throws -> S3Store {
        var location = try S3Location(endpoint: endpoint, region: "x", bucket: "bucket")
        change(&location)
        let variables = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "hidden"]
        return try S3Store(location, S3CredentialSource { variables[$0] }, patience: patience)
    }

    @Test("is unavailable if nobody listens, which is no time-out")
    func refused() async throws {
        let port = try S3Server.freePorts(1)[0]
        let store = try store("http://127.0.0.1:\(port)")
        let error = await #expect(throws: RemoteError.self) { try await store.put(Self.name, [1]) }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("refused") == true)
    }

    @Test("is unavailable if its name cannot be resolved")
    func noName() async throws {
        let store = try store("http://holdfast.invalid")
        let error = await #expect(throws: RemoteError.self) { try await store.get(Self.name, nil) }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("holdfast.invalid") == true)
    }

    @Test(
        "is unavailable if an answer is cut short",
        arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", "HTTP/1.1 200 OK\r\nContent-", ""]
    )
    func cut(answer: String) async throws {
        let server = try ScriptedServer(answer)
        let store = try store(server.endpoint)
        let error = await #expect(throws: RemoteError.self) { try await store.get(Self.name, nil) }
        #expect(error?.kind == .unavailable)
    }

    @Test(
        "is unavailable if it stops to answer",
        arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"]
    )
    func silent(answer: String) async throws {
        let server = try ScriptedServer(answer, thenWaits: true)
        let store = try store(server.endpoint, patience: .seconds(1))
        let error = await #expect(throws: RemoteError.self) { try await store.get(Self.name, nil) }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("no progress for 1 s") == true)
    }

    @Test("is unavailable if it no longer reads an upload")
    func deaf() async throws {
        let server = try ScriptedServer("", thenWaits: true)
        let store = try store(server.endpoint, patience: .seconds(1))
        // More than the kernel buffers.
        let content = [UInt8](repeating: 1, count: 32 << 20)
        let error = await #expect(throws: RemoteError.self) { try await store.put(Self.name, content) }
        #expect(error?.description.contains("no progress for 1 s") == true)
    }

    @Test("is not read without bounds")
    func large() async throws {
        let server = try ScriptedServer(
            "HTTP/1.1 206 OK\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 100_000)
        )
        let store = try store(server.endpoint)
        let error = await #expect(throws: RemoteError.self) { try await store.get(Self.name, 0..<10) }
        #expect(error?.kind == .failed)
    }

    @Test("refuses an upload while it is sent")
    func early() async throws {
        let server = try ScriptedServer(
            "HTTP/1.1 503 Slow Down\r\nContent-Length: 46\r\nConnection: close\r\n\r\n"
                + "<Error><Code>SlowDown</Code></Error>          "
        )
        let store = try store(server.endpoint)
        let content = [UInt8](repeating: 1, count: 32 << 20)
        let error = await #expect(throws: RemoteError.self) { try await store.put(Self.name, content) }
        #expect(error?.kind == .unavailable)
    }

    @Test("has no conditions if it says 501, and a conflict if 409")
    func conditions() async throws {
        for (status, kind) in [(501, RemoteError.Kind.noConditions), (409, .conflict)] {
            let server = try ScriptedServer("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
            let store = try store(server.endpoint)
            let error = await #expect(throws: RemoteError.self) { try await store.putNew(Self.name, [1]) }
            #expect(error?.kind == kind)
        }
    }

    @Test("says that parts were not put together, though the status is 200")
    func complete() async throws {
        let text = "<?xml version=\"1.0\"?>\n\n<Error><Code>InternalError</Code></Error>"
        let server = try ScriptedServer(
            "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
        )
        let store = try store(server.endpoint)
        let part = UploadedPart(number: 1, sizeBytes: 1, tag: "\"a\"")
        let error = await #expect(throws: RemoteError.self) {
            try await store.completeUpload(UploadID("u"), Self.name, [part])
        }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("InternalError") == true)
    }

    @Test("keeps to the limit of an upload")
    func limit() async throws {
        let server = try ScriptedServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", readsFirst: 200_000)
        let store = try store(server.endpoint) { $0.uploadBytesPerSecond = 100_000 }
        let start = MonotonicInstant.now
        try await store.put(Self.name, [UInt8](repeating: 1, count: 200_000))
        // The last piece waits for the bytes before it; 250 ms are free.
        #expect(start.duration(to: .now) > .milliseconds(1700))
    }

    @Test("goes through the proxy that is named")
    func proxy() async throws {
        let server = try ScriptedServer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        let proxy = server.endpoint
        let store = try store("http://holdfast.invalid") {
            try! $0.takeProxy { $0 == "http_proxy" ? proxy : nil }
        }
        #expect(try await store.get(Self.name, nil) == Array("ok".utf8))
    }
}

/// Certificates made by `openssl(1)`, for servers on the loopback address.
@Suite(
    "A store with TLS",
    .enabled(if: S3Server.isAvailable(.rclone), "needs rclone 1.65 in $PATH or $HOLDFAST_S3_SERVERS")
)
struct S3CertificateTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func makeCertificate(_ name: String, for address: String) throws -> (path: String, key: String) {
        let (path, key) = (directory.file("\(name).pem"), directory.file("\(name).key"))
        let result = try Command.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:\(address)", "-keyout", key, "-out",
                path,
            ]
        )
        guard result.status == 0 else { throw CommandFailure(command: "openssl req", result: result) }
        return (path, key)
    }

    @Test("is trusted if its authority is named, and by no other; waiting would not change that")
    func authorities() async throws {
        let certificate = try makeCertificate("ours", for: "127.0.0.1")
        let other = try makeCertificate("other", for: "127.0.0.1")
        let server = try S3Server.start(.rclone, certificate: certificate)
        defer { server.stop() }
        let name = try #require(ObjectName("a"))

        func store(_ authorities: String?) throws -> S3Store {
            var location = try server.location("p")
            location.authorities = authorities
            return try S3Store(location, server.credentials())
        }
        try await store(certificate.path).put(name, [1, 2])
        #expect(try await store(certificate.path).get(name, nil) == [1, 2])
        for wrong in [nil, other.path] {
            let error = await #expect(throws: RemoteError.self) { try await store(wrong).get(name, nil) }
            #expect(error?.kind == .failed)
            #expect(error?.description.contains("certificate is not trusted") == true)
        }
        #expect(throws: RemoteError.self) { try store(directory.file("missing.pem")) }
        #expect(throws: RemoteError.self) { try store(certificate.key) }
    }

    @Test("is not trusted under another name than its certificate's")
    func otherName() async throws {
        let certificate = try makeCertificate("ours", for: "127.0.0.2")
        let server = try S3Server.start(.rclone, certificate: certificate)
        defer { server.stop() }
        var location = try server.location("p")
        location.authorities = certificate.path
        let store = try S3Store(location, server.credentials())
        let error = await #expect(throws: RemoteError.self) { try await store.list("", after: nil) }
        #expect(error?.kind == .failed)
    }
}
