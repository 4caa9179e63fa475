internal import CSQLite

/// The SQLite library that this program is linked with.
package enum SQLiteLibrary {
    /// As `3.40.1`.
    package static var version: String { unsafe String(cString: sqlite3_libversion()) }
}
