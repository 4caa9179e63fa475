import Foundation

/// A directory of its own for one test, removed with all it holds when the value goes away.
package final class TemporaryDirectory: Sendable {
    /// Absolute, without a trailing slash, and free of symbolic links.
    package let path: String

    /// Creates the directory under the system's temporary directory.
    package init(prefix: String = "holdfast-test") throws {
        let parent = URL(fileURLWithPath: NSTemporaryDirectory()).resolvingSymlinksInPath().path
        path = "\(parent)/\(prefix)-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of an entry; the entry need not exist.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes an entry, and returns its path.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    /// The content of an entry.
    package func bytes(of name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: file(name))))
    }

    /// Copies one entry to another name, as `cp` does.
    @discardableResult
    package func copy(_ name: String, to other: String) throws -> String {
        try write(bytes(of: name), to: other)
    }

    /// Whether there is such an entry.
    package func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }
}

/// Runs `body` with a directory that is removed right after it.
package func withTemporaryDirectory<Result>(
    _ body: (TemporaryDirectory) throws -> Result
) throws -> Result {
    let directory = try TemporaryDirectory()
    return try withExtendedLifetime(directory) { try body(directory) }
}

/// Runs `body` with a directory that is removed right after it.
package func withTemporaryDirectory<Result>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TemporaryDirectory) async throws -> Result
) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    return try await body(directory)
}
