import LinuxSystem

/// Names a data key: 16 random bytes, written as 32 lower-case hexadecimal digits.
package struct KeyID: Hashable, Sendable, CustomStringConvertible {
    static let byteCount = 16

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    static func random() -> KeyID { KeyID(randomBytes(byteCount)) }

    /// Nil unless `text` is 32 lower-case hexadecimal digits.
    package init?(_ text: some StringProtocol) {
        guard let bytes = [UInt8](hexadecimal: text), bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    package var description: String { bytes.hexadecimal }
}

extension KeyID: CodedAsText {}

/// The repository that a key belongs to: the `id` of its `repository.json`.
package struct RepositoryID: Hashable, Sendable, CustomStringConvertible {
    static let byteCount = 16

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Nil unless `text` is 32 lower-case hexadecimal digits.
    package init?(_ text: some StringProtocol) {
        guard let bytes = [UInt8](hexadecimal: text), bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    package var description: String { bytes.hexadecimal }
}

/// The name of a key object: `keys/ID`, and `keys/ID.2`, `keys/ID.3` … for those with the same data key and
/// other recipients.
package struct KeyObjectName: Hashable, Sendable, Comparable {
    package static let prefix = "keys/"

    package let keyID: KeyID
    /// From 1.
    package let version: UInt32

    package init(_ keyID: KeyID, version: UInt32 = 1) {
        (self.keyID, self.version) = (keyID, version)
    }

    /// Nil for any other name.
    package init?(_ name: ObjectName) {
        guard name.text.hasPrefix(Self.prefix) else { return nil }
        let parts = name.text.dropFirst(Self.prefix.count).split(
            separator: ".",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let keyID = KeyID(parts[0]) else { return nil }
        let version = parts.count == 1 ? 1 : UInt32(parts[1])
        guard let version, version > 0 else { return nil }
        self.init(keyID, version: version)
        // So `.1`, `.02` and `.+2` are none.
        guard self.name == name else { return nil }
    }

    package var name: ObjectName {
        ObjectName(Self.prefix + keyID.description + (version == 1 ? "" : ".\(version)"))!
    }

    /// By version.
    package static func < (one: KeyObjectName, other: KeyObjectName) -> Bool { one.version < other.version }
}
