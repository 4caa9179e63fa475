import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Remote

extension RemoteOpening {
    /// Of a store that a test has.
    init(
        _ store: any RemoteStore,
        _ settings: RemoteSettings = RemoteSettings(url: "s3://bucket/prefix")
    ) throws {
        self.init(
            settings,
            try RemoteAddress(settings.url),
            store,
            place: settings.url,
            sleep: { _ in await Task.yield() }
        )
        cost = .least
    }

    /// Of what the settings name, without a second attempt.
    static func once(
        _ settings: RemoteSettings,
        _ variables: [String: String] = [:]
    ) throws -> RemoteOpening {
        var opening = try RemoteOpening(
            settings,
            environment: { variables[$0] },
            mostAttempts: 1,
            pause: { _, _ in }
        )
        opening.cost = .least
        return opening
    }

    func write(_ repository: RepositoryID = Sample.repository) async throws(RemoteError) -> RemoteAccess {
        try await openForWriting(repository, host: "here")
    }
}

extension RemoteSettings {
    static func bucket(_ recipients: Recipient...) -> RemoteSettings {
        var settings = RemoteSettings(url: "s3://bucket/prefix")
        settings.recipients = recipients.map(\.description)
        return settings
    }
}

extension S3Server {
    /// - Parameter secretKey: nil for the right one.
    func opening(
        _ prefix: String,
        bucket: String? = nil,
        recipients: [Recipient] = [],
        secretKey: String? = nil
    ) throws -> RemoteOpening {
        var settings = RemoteSettings(url: "s3://\(bucket ?? self.bucket)/\(prefix)")
        settings.endpoint = endpoint
        settings.recipients = recipients.map(\.description)
        let variables = [
            "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey ?? self.secretKey,
        ]
        return try .once(settings, variables)
    }
}

/// Expects an error of that kind, whose text has all of these.
func expect(
    _ kind: RemoteError.Kind,
    _ parts: String...,
    sourceLocation: SourceLocation = #_sourceLocation,
    body: () async throws -> Void
) async {
    let error = await #expect(throws: RemoteError.self, sourceLocation: sourceLocation) { try await body() }
    guard let error else { return }
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    for part in parts {
        #expect(error.description.contains(part), "\(error)", sourceLocation: sourceLocation)
    }
}

/// A file with mode 0600.
func privateFile(_ text: String, _ name: String, in directory: TemporaryDirectory) throws -> FilePath {
    let path = FilePath(directory.file(name))
    try PrivateFile.create(path, text)
    return path
}
