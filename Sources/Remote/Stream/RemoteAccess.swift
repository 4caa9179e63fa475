package import LinuxSystem
package import RepositoryFormat

/// A remote as one program uses it: its store, how its objects are encoded, and who this program is.
package struct RemoteAccess: Sendable {
    package let store: any RemoteStore
    package let codec: ObjectCodec
    /// Names the remote, without credentials. One that was made anew at the same place has another address.
    package let address: String
    /// The id of the repository that it is a copy of; empty if nobody asked.
    package var repository = ""
    /// Whether the store refuses a name that is taken.
    package let hasConditions: Bool
    /// This start of a writer, at random: a cloned machine has the same name, but not the same session.
    package let session: UInt64
    /// For people: the host.
    package let writer: String
    package let sleep: @Sendable (Duration) async throws -> Void
    /// The wall clock.
    package let now: @Sendable () -> Instant

    package init(
        store: any RemoteStore,
        codec: ObjectCodec,
        address: String,
        hasConditions: Bool,
        session: UInt64 = .random(in: 1 ... .max),
        writer: String,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        now: @escaping @Sendable () -> Instant = { .now }
    ) {
        self.store = store
        self.codec = codec
        self.address = address
        self.hasConditions = hasConditions
        self.session = session
        self.writer = writer
        self.sleep = sleep
        self.now = now
    }

    func head(_ root: RootID) -> StreamHead {
        StreamHead(store: store, root: root, hasConditions: hasConditions)
    }

    package func reading(_ root: RootID) -> StreamReading {
        StreamReading(store: store, codec: codec, root: root, head: head(root))
    }
}
