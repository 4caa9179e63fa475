internal import FoundationEssentials
package import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// `repository.json`: marks the directory as a repository, and names the features that a reader must know.
package struct RepositoryFile: Codable {
    package static let format = "holdfast"
    package static let version = 1

    package var format = Self.format
    var version = Self.version
    /// Features that a reader must know; this version knows none.
    var requires: [String] = []
    var id: String
    var created: String

    package init(id: String, created: Instant) {
        self.id = id
        self.created = SmallFile.text(created)
    }
}

/// `root.json`: what a root protects.
package struct RootFile: Codable {
    static let version = 1

    var version = Self.version
    var id: String
    /// For people; bytes that are not UTF-8 are replaced.
    var path: String
    /// The path's bytes, where they are not UTF-8.
    var pathHex: String?
    var kind: String
    var created: String

    enum CodingKeys: String, CodingKey {
        case version, id, path, kind, created
        case pathHex = "path_hex"
    }
}

/// The small JSON files of a repository: written whole or not at all.
package enum SmallFile {
    /// Longer ones are rejected.
    private static let maximumBytes = 1 << 20

    /// Throws `RepositoryError.malformed`, also if it is not a regular file, or `SystemError`.
    package static func read<Value: Decodable>(_ path: FilePath, as type: Value.Type) throws -> Value {
        let file: OpenFile
        do throws(SystemError) {
            file = try OpenFile(path, .stored)
        } catch {
            guard error.isNoRegularFile else { throw error }
            throw RepositoryError.malformed(path, reason: StoredFile.kind(error))
        }
        guard let bytes = try file.content(upTo: maximumBytes) else {
            throw RepositoryError.malformed(path, reason: "it is too long")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw RepositoryError.malformed(path, reason: "it is not the JSON object it should be")
        }
    }

    /// The content of such a file. Its keys are in order, so that a value is always the same bytes.
    package static func encoded(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }

    package static func text(_ time: Instant) -> String {
        Date(timeIntervalSince1970: Double(time.nanoseconds / 1_000_000_000)).formatted(.iso8601)
    }

    /// Whole seconds; nil for anything but RFC 3339 in UTC.
    package static func time(_ text: String) -> Instant? {
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        let seconds = date.timeIntervalSince1970
        // An instant is within the years 1677 to 2262; four digits allow more.
        guard abs(seconds) < 9_000_000_000 else { return nil }
        return Instant(nanoseconds: Int64(seconds) * 1_000_000_000)
    }
}

extension RootFile {
    package static let name: FilePath.Component = "root.json"
    /// A copy of it: without the path the root would be unusable.
    package static let copyName: FilePath.Component = "root-copy.json"

    package enum Source { case original, copy }

    /// Throws `RepositoryError`, or `SystemError`.
    package static func read(in directory: FilePath, _ source: Source = .original) throws -> RootDescription {
        try PrivateDirectory.requireReadable(directory)
        for part in ["segments", "bases", "mirror"] {
            try PrivateDirectory.refuseLink(directory.appending(part))
        }
        let name = source == .original ? name : copyName
        let file = try SmallFile.read(directory.appending(name), as: RootFile.self)
        return try file.description(in: directory, from: name)
    }

    package init(_ root: RootDescription) {
        id = root.id.description
        path = root.path.string
        if FilePath(path) != root.path { pathHex = root.path.bytes.hexadecimal }
        kind = root.kind.rawValue
        created = SmallFile.text(root.created)
    }

    private func description(
        in directory: FilePath,
        from name: FilePath.Component
    ) throws(RepositoryError) -> RootDescription {
        let file = directory.appending(name)
        guard version == Self.version else { throw .unsupported(file, what: "version \(version)") }
        guard let id = RootID(id), directory.lastComponent?.string == self.id else {
            throw .malformed(file, reason: "its id is not the directory's name")
        }
        guard let kind = RootKind(rawValue: kind) else { throw .unsupported(file, what: "root kind \(kind)") }
        guard let created = SmallFile.time(created) else {
            throw .malformed(file, reason: "no time of creation")
        }
        guard let path = exactPath, path.isAbsolute else {
            throw .malformed(file, reason: "no absolute path")
        }
        return RootDescription(id: id, path: path, kind: kind, created: created, directory: directory)
    }

    private var exactPath: FilePath? {
        guard let pathHex else { return FilePath(path) }
        return [UInt8](hexadecimal: pathHex.lowercased()).flatMap { FilePath(bytes: $0) }
    }
}
