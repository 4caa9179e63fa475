package import GRDB
import LinuxSystem
package import SystemPackage

/// A private image, open for SQL.
package struct ImageDatabase: Sendable {
    private let queue: DatabaseQueue
    private let isMapped: Bool

    /// - Parameter isMapped: the file is mapped into memory. Not for a file that may be shortened meanwhile.
    package init(at path: FilePath, isMapped: Bool = true) throws {
        try self.init(ImageURI(path), isMapped: isMapped)
    }

    package init(_ image: ImageURI, isMapped: Bool = true) throws {
        self.isMapped = isMapped && image.isFile
        var configuration = Configuration.reading
        // SQL from a user may begin a transaction without ending it.
        configuration.allowsUnsafeTransactions = true
        let uri = try image.text + (image.isFile ? "&" + GivenPaths.parameter() : "")
        queue = try DatabaseQueue(path: uri, configuration: configuration.readingSchemaInPart)
    }

    package func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        // Without a transaction: SQLite refuses to end one after an error of damage. Nothing changes here
        // anyway.
        try queue.unsafeRead { database in
            // No process shortens the file, and most of it is read only once.
            if isMapped { try database.execute(sql: "PRAGMA mmap_size = \(Int64.max)") }
            return try body(database)
        }
    }
}

extension Configuration {
    /// For rows that are written as they are.
    static var withoutForeignKeys: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        return configuration
    }

    static var reading: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        return configuration
    }
}

extension FilePath {
    /// The path as a SQLite URI. Every byte with a special meaning in a URI is percent-encoded.
    var sqliteURI: String { "file:" + bytes.percentEncoded(except: "/-_.") }
}

extension Database {
    /// Gives an empty database the encoding of images, which could not be attached otherwise
    /// (sqlite.org/pragma.html#pragma_encoding). If only some are in UTF-8, it is UTF-8: SQLite converts none
    /// of their text, which may have bytes that UTF-16 cannot have.
    func adoptEncoding(of images: ImageURI?...) throws {
        // If an image is not a database, it has no encoding.
        let encodings = images.compactMap(\.self).compactMap { image in
            try? ImageDatabase(image).read { try String.fetchOne($0, sql: "PRAGMA encoding") }
        }
        guard let encoding = encodings.last, !encodings.contains("UTF-8") else { return }
        try execute(sql: "PRAGMA encoding = '\(encoding)'")
    }
}
