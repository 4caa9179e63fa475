/// The kind of a protected file. Its first bytes decide, never its name.
package enum FileKind: UInt8, Sendable, Hashable {
    case database = 1
    case plain = 2
}

/// The kind of a root.
package enum RootKind: String, Sendable, Hashable {
    case directory
    case file
}

/// Why a snapshot was taken. `rawValue` is its code on disk; 0 there marks a part of an unfinished snapshot.
package enum SnapshotEvent: UInt8, Sendable, Hashable {
    /// The first image of a file.
    case baseline = 1
    /// Exactly one transaction.
    case commit = 2
    /// The net change of one or more transactions, or of a write to a plain file.
    case scan = 3
    /// The file appeared (again).
    case created = 4
    /// Another file has the name now.
    case replaced = 5
    /// The file was removed; its image is empty.
    case deleted = 6
}
