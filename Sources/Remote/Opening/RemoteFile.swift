internal import FoundationEssentials
package import LinuxSystem
import RepositoryReader

/// `remote.json`, at the top of a remote: whose it is, and how it is written (docs/OFFSITE.md, "The remote").
/// The first writer makes it, and nobody changes it.
package struct RemoteFile: Hashable, Sendable {
    private static let format = "holdfast-remote"
    private static let version = 1
    /// Longer ones are rejected.
    static let maximumByteCount = 4096

    package let repository: RepositoryID
    /// Whole seconds. It tells a remote from one that was made anew at the same place.
    package let created: Instant
    /// Whether the store refuses a name that is taken.
    package let hasConditions: Bool
    package let isEncrypted: Bool

    package init(repository: RepositoryID, created: Instant, hasConditions: Bool, isEncrypted: Bool) {
        self.repository = repository
        let second: Int64 = 1_000_000_000
        self.created = Instant(nanoseconds: created.nanoseconds / second * second)
        (self.hasConditions, self.isEncrypted) = (hasConditions, isEncrypted)
    }

    /// Only these are read of a file whose version is another one.
    private struct Version: Decodable {
        let format: String
        let version: Int
    }

    private struct Content: Codable {
        var format = RemoteFile.format
        var version = RemoteFile.version
        let repository: String
        let created: String
        let conditions: Bool
        let encrypted: Bool
    }

    /// Fields that it does not know are ignored. Throws `RemoteError.damaged`, or `.failed` if the version is
    /// unknown.
    package init(parsing bytes: [UInt8]) throws(RemoteError) {
        guard bytes.count <= Self.maximumByteCount else { throw Self.damaged("it is too long") }
        guard let version = Self.decoded(Version.self, bytes), version.format == Self.format else {
            throw Self.damaged("it is not the description of a remote")
        }
        guard version.version == Self.version else {
            throw RemoteError(
                .failed,
                "\(ObjectNames.remote) has version \(version.version), which this program does not know: "
                    + "use a newer one"
            )
        }
        guard let content = Self.decoded(Content.self, bytes) else {
            throw Self.damaged("a field is missing or of another type")
        }
        guard let repository = RepositoryID(content.repository) else {
            throw Self.damaged("its repository is no id")
        }
        guard let created = SmallFile.time(content.created), SmallFile.text(created) == content.created else {
            throw Self.damaged("its time is none")
        }
        self.repository = repository
        self.created = created
        (hasConditions, isEncrypted) = (content.conditions, content.encrypted)
    }

    private static func decoded<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
        try? JSONDecoder().decode(type, from: Data(bytes))
    }

    private static func damaged(_ reason: String) -> RemoteError {
        RemoteError(.damaged, "\(ObjectNames.remote) is damaged: \(reason)")
    }

    func encoded() throws(RemoteError) -> [UInt8] {
        let content = Content(
            repository: repository.description,
            created: createdText,
            conditions: hasConditions,
            encrypted: isEncrypted
        )
        do {
            return try SmallFile.encoded(content)
        } catch {
            throw RemoteError(.failed, "\(ObjectNames.remote) cannot be written: \(error)")
        }
    }

    /// RFC 3339 in UTC.
    package var createdText: String { SmallFile.text(created) }

    /// The one of a store; nil if it has none. Memory is bounded, whatever has the name.
    static func read(in store: any RemoteStore) async throws(RemoteError) -> RemoteFile? {
        do throws(RemoteError) {
            // An answer to GET says why, that to HEAD does not.
            _ = try await store.get(ObjectNames.remote, 0..<1)
        } catch {
            switch error.kind {
            case .missing: return nil
            case .damaged: throw damaged("it is empty")
            default: throw error
            }
        }
        guard let size = try await store.size(of: ObjectNames.remote) else { return nil }
        guard size <= UInt64(maximumByteCount) else { throw damaged("it has \(size) bytes") }
        return try RemoteFile(parsing: await store.get(ObjectNames.remote, 0..<size))
    }
}
