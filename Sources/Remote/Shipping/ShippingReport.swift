internal import FoundationEssentials
package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
import SystemPackage

/// What became of shipping a root to a remote, for `status`: a file in the root's directory, beside the
/// cursor. It is written after each batch and each failure.
package struct ShippingReport: Hashable, Sendable, Codable {
    /// How people call the remote: its name, else its URL.
    package var remote: String
    package var url: String
    /// The last snapshot that the remote has acknowledged.
    package var sequence: UInt64
    /// When that was, in nanoseconds since 1970.
    package var acknowledged: Int64?
    /// SHA-256 of the newest batch, in hexadecimal digits.
    package var head: String
    /// Why shipping does not go on; nil if it does.
    package var error: String?

    package init(remote: String, url: String) {
        (self.remote, self.url) = (remote, url)
        (sequence, head) = (0, ObjectDigest.none.description)
    }

    private static func path(_ root: RootDescription, _ remote: String) -> FilePath {
        ShippingCursor.path(root.directory, remote).appending(suffix: ".json")
    }

    /// Of that remote, called as in `remote`; nil if nothing was shipped yet.
    package static func read(_ root: RootDescription, _ remote: String) -> ShippingReport? {
        read(path(root, remote))
    }

    private static func read(_ path: FilePath) -> ShippingReport? {
        guard let bytes = try? StoredFile.open(path).content(upTo: 1 << 20) else { return nil }
        return try? JSONDecoder().decode(ShippingReport.self, from: Data(bytes))
    }

    /// Of a remote of the configuration, also if nothing was shipped yet.
    package static func current(_ root: RootDescription, _ settings: RemoteSettings) -> ShippingReport {
        let name = settings.name ?? settings.url
        return read(root, name) ?? ShippingReport(remote: name, url: settings.url)
    }

    /// When the first snapshot was taken that the remote does not have; nil if it has all. Reads only the
    /// segments from there on.
    package func lackingSince(_ root: RootDescription) throws -> Instant? {
        let known = SequenceNumber(sequence)
        guard let mark = try root.durableMark(), mark.lastSequence > known else { return nil }
        let start = try root.segments().last { $0 <= known.next } ?? .none
        var changes = ChangesFormat()
        var found: Instant?
        _ = try StreamReader(root: root, start: start).run(
            onFinding: { _ in },
            onRecord: { type, header, payload, place in
                guard type == .changes else { return true }
                try changes.decode(payload, header, place)
                var sequence = header.firstSequence
                for entry in changes.entries where entry.event != nil {
                    if sequence > known, entry.isSnapshot {
                        found = SnapshotState(sequence, entry)?.time
                        return false
                    }
                    sequence = sequence.next
                }
                return true
            }
        )
        return found
    }

    package func save(_ root: RootDescription) throws {
        let path = Self.path(root, remote)
        try Directory.make(path.removingLastComponent())
        try Directory.replaceFile(at: path, with: SmallFile.encoded(self))
    }

    /// The remote has this state now.
    package mutating func shipped(_ state: RemoteState, _ now: Instant) {
        sequence = state.lastSequence.rawValue
        head = state.head.description
        (acknowledged, error) = (now.nanoseconds, nil)
    }
}
