import LinuxSystem
import RepositoryFormat

extension RemoteState {
    /// The index with this state.
    func indexObject(_ root: RootID, session: UInt64, writer: String, _ now: Instant) -> StreamObject {
        StreamObject(
            kind: .index,
            root: root,
            number: batch.number,
            previous: head,
            session: session,
            time: now,
            lastSequence: lastSequence,
            writer: writer,
            manifest: manifest
        )
    }
}
