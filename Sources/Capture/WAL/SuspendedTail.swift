import LinuxSystem

/// A log that was closed because too many are open: its identity, and how far it was consumed.
struct SuspendedTail {
    let identity: FileIdentity
    let position: LogPosition

    init(_ tail: WALTail) {
        identity = tail.log.identity
        position = tail.position
    }
}
