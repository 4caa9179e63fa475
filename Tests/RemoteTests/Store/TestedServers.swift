import LinuxSystem
import Remote
import TestSupport
import Testing

/// Starts the servers that the machine has, one of each kind for a suite, and stops them after it.
struct TestedServers: SuiteTrait, TestScoping {
    @TaskLocal static var current: [S3Server.Kind: S3Server] = [:]

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        var servers: [S3Server.Kind: S3Server] = [:]
        defer { for server in servers.values { server.stop() } }
        for kind in S3Server.Kind.allCases where S3Server.isAvailable(kind) {
            servers[kind] = try await S3Server.startAside(kind)
        }
        try await Self.$current.withValue(servers, operation: function)
    }
}

extension Trait where Self == TestedServers {
    static var testedServers: TestedServers { TestedServers() }
}

extension TestedStore {
    static let weed = server(.weed, [.ordersByComponents, .keepsFormerParts, .completesTwice])
    static let moto = server(.moto, [.completesTwice, .failsOnEndedUploads, .failsAtTheSameTime])
    static let rclone = server(.rclone, [.ignoresConditions, .losesNestedNames, .streamsParts])

    /// A prefix of its own for each test; nil if the machine does not have the server.
    private static func server(_ kind: S3Server.Kind, _ traits: Set<Trait>) -> TestedStore? {
        guard S3Server.isAvailable(kind) else { return nil }
        let pageCount = 100
        var tested = TestedStore(testDescription: kind.rawValue) { body in
            let server = try #require(TestedServers.current[kind])
            let prefix = "tests/\(UInt64.random(in: 0 ... .max))"
            // A server may be busy, or close a connection, at any time.
            let store = try server.store(prefix, pageCount: pageCount)
            try await body(
                RetryingStore(store, mostAttempts: 5) { time, _ in try await Task.sleep(for: time) }
            )
        }
        (tested.traits, tested.pageCount, tested.isServer) = (traits, pageCount, true)
        return tested
    }
}
