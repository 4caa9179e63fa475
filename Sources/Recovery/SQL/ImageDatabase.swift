package import GRDB
import LinuxFiles
package import SystemPackage

/// A rebuilt image that nobody else knows of, open for SQL. Nothing is written or created, in WAL mode neither: `immutable=1`
/// does without the log and its index (sqlite.org/uri.html).
package struct ImageDatabase: Sendable {
    private let queue: DatabaseQueue
    private let isMapped: Bool

    /// - Parameter isMapped: the file is read by mapping it. Not for one that may be shortened meanwhile.
    package init(at path: FilePath, isMapped: Bool = true) throws {
        self.isMapped = isMapped
        var configuration = Configuration()
        configuration.readonly = true
        queue = try DatabaseQueue(path: Self.uri(path), configuration: configuration)
    }

    package func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        // Without a transaction, of which SQLite refuses the end once it has met damage. Nothing changes here anyway.
        try queue.unsafeRead { database in
            // Nobody shortens the file, and most of it is read once only.
            if isMapped { try database.execute(sql: "PRAGMA mmap_size = \(Int64.max)") }
            return try body(database)
        }
    }

    /// Ends what another thread reads, which then fails.
    func interrupt() { queue.interrupt() }

    /// Every byte that may mean something in a URI is written as its number.
    package static func uri(_ path: FilePath) -> String {
        let plain = Set("/-_.".utf8).union(UInt8(ascii: "0")...UInt8(ascii: "9"))
            .union(UInt8(ascii: "a")...UInt8(ascii: "z")).union(UInt8(ascii: "A")...UInt8(ascii: "Z"))
        var uri = "file:"
        for byte in path.bytes {
            if plain.contains(byte) {
                uri.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                uri += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return uri + "?immutable=1"
    }
}
