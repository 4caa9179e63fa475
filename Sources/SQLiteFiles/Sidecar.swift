/// The files that SQLite keeps beside a database, by what is appended to its name (sqlite.org/tempfiles).
package enum Sidecar: String, Hashable, Sendable, CaseIterable {
    case writeAheadLog = "-wal"
    case journal = "-journal"
    case sharedMemory = "-shm"
}
