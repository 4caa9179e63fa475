import LinuxSystem

/// Size, time and identity of a file's content.
struct ContentStamp: Equatable {
    let identity: FileIdentity
    let sizeBytes: UInt64
    let modified: Int64

    init(_ status: FileStatus) {
        identity = status.identity
        sizeBytes = status.sizeBytes
        modified = status.modified
    }
}
