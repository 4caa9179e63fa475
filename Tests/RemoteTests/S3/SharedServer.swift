import LinuxSystem
import TestSupport
import Testing

@testable import Remote

/// Starts a server for the tests of a suite, and stops it after them.
struct SharedServer: SuiteTrait, TestScoping {
    @TaskLocal static var current: S3Server?
    let kind: S3Server.Kind

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let server = try await S3Server.startAside(kind)
        defer { server.stop() }
        try await Self.$current.withValue(server, operation: function)
    }
}

extension Trait where Self == SharedServer {
    static func served(by kind: S3Server.Kind) -> SharedServer { SharedServer(kind: kind) }
}

extension S3Server {
    /// Starts one without keeping the threads of other tests.
    static func startAside(_ kind: Kind) async throws -> S3Server {
        try await WorkerThread.run("server") { try S3Server.start(kind) }
    }

    func location(_ prefix: String) throws -> S3Location {
        try S3Location(endpoint: endpoint, region: region, bucket: bucket, prefix: prefix)
    }

    /// - Parameter secretKey: nil for the right one.
    func credentials(secretKey: String? = nil) -> S3CredentialSource {
        let variables = [
            "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey ?? self.secretKey,
        ]
        return S3CredentialSource { variables[$0] }
    }

    func store(_ prefix: String, pageCount: Int = 1_000) throws -> S3Store {
        try S3Store(location(prefix), credentials(), pageCount: pageCount)
    }
}
