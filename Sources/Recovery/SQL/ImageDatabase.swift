package import GRDB
import LinuxSystem
package import SystemPackage

/// A rebuilt image that nobody else knows of, open for SQL. Nothing is written or created, in WAL mode
/// neither: `immutable=1` does without the log and its index (sqlite.org/uri.html).
package struct ImageDatabase: Sendable {
    private let queue: DatabaseQueue
    private let isMapped: Bool

    /// - Parameter isMapped: the file is read by mapping it. Not for one that may be shortened meanwhile.
    package init(at path: FilePath, isMapped: Bool = true) throws {
        self.isMapped = isMapped
        var configuration = Configuration()
        configuration.readonly = true
        // Whoever asks may begin one and not end it.
        configuration.allowsUnsafeTransactions = true
        let uri = try Self.uri(path) + "&" + GivenPaths.parameter()
        queue = try DatabaseQueue(path: uri, configuration: configuration.readingSchemaInPart)
    }

    package func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        // Without a transaction, of which SQLite refuses the end once it has met damage. Nothing changes here
        // anyway.
        try queue.unsafeRead { database in
            // Nobody shortens the file, and most of it is read once only.
            if isMapped { try database.execute(sql: "PRAGMA mmap_size = \(Int64.max)") }
            return try body(database)
        }
    }

    /// Ends what another thread reads, which then fails.
    func interrupt() { queue.interrupt() }

    /// What opens a file that nobody changes (sqlite.org/uri.html).
    package static func uri(_ path: FilePath) -> String { path.sqliteURI + "?immutable=1" }
}

extension FilePath {
    /// The path as SQLite takes any path. Every byte that may mean something in a URI is written as its
    /// number.
    var sqliteURI: String {
        let plain = Set("/-_.".utf8).union(UInt8(ascii: "0")...UInt8(ascii: "9"))
            .union(UInt8(ascii: "a")...UInt8(ascii: "z")).union(UInt8(ascii: "A")...UInt8(ascii: "Z"))
        var uri = "file:"
        for byte in bytes {
            if plain.contains(byte) {
                uri.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                uri += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return uri
    }
}

extension Database {
    /// Gives an empty database the encoding of an image, without which that cannot be attached
    /// (sqlite.org/pragma.html#pragma_encoding).
    func adoptEncoding(of image: FilePath?) throws {
        guard let image else { return }
        // Of what is no database, nothing is taken over.
        let encoding = try? ImageDatabase(at: image).read { try String.fetchOne($0, sql: "PRAGMA encoding") }
        if let encoding { try execute(sql: "PRAGMA encoding = '\(encoding)'") }
    }
}
