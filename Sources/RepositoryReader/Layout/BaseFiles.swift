package import LinuxSystem
package import SystemPackage

/// Gets bases from elsewhere when they are read for the first time, and files that are damaged once more.
package protocol BaseSource: AnyObject, Sendable {
    /// The size of the base with that path, in bytes, also if it was not got yet; nil if there is none.
    func sizeBytes(_ path: FilePath) throws -> UInt64?
    /// The size of all bases of a root, in bytes, those included that were not got yet.
    func totalBytes(of root: RootDescription) throws -> UInt64
    /// Opens the base with that path. Throws `SystemError` (ENOENT) if there is none.
    func open(_ path: FilePath) throws -> OpenFile
    /// Gets the segment or base with that path anew, if it is not what it should be. Each one once: what is
    /// damaged again stays so. Returns whether another file has the path now.
    func replaceDamaged(_ path: FilePath) throws -> Bool
}

/// The bases of a root: the files in its directory, or those that a source puts there.
package struct BaseFiles: Hashable, Sendable {
    private let source: (any BaseSource)?

    package init(from source: (any BaseSource)? = nil) {
        self.source = source
    }

    package static func == (one: BaseFiles, other: BaseFiles) -> Bool { one.source === other.source }

    package func hash(into hasher: inout Hasher) { hasher.combine(source.map { ObjectIdentifier($0) }) }

    /// In bytes; nil when there is none.
    func sizeBytes(_ path: FilePath) throws -> UInt64? {
        guard let source else { return try StoredFile.sizeBytes(path) }
        return try source.sizeBytes(path)
    }

    /// In bytes; nil where all bases are in the root's directory.
    func totalBytes(of root: RootDescription) throws -> UInt64? { try source?.totalBytes(of: root) }

    /// Called for a segment or base in which damage was found. Returns whether another file has the path now.
    func replaceDamaged(_ path: FilePath) throws -> Bool { try source?.replaceDamaged(path) ?? false }

    func open(_ path: FilePath) throws -> OpenFile {
        guard let source else { return try StoredFile.open(path) }
        return try source.open(path)
    }
}
