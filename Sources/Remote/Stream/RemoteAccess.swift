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
    /// Who can open what is written; empty for all who have the store. Nobody else gets the same text. Nil
    /// where no other start may go on with what this one has sealed.
    var readers: String? = ""
    /// Puts the key of this start where readers find it, unless it is there: before something is sealed.
    var writeKey: @Sendable () async throws(RemoteError) -> Void = {}
    /// Whether the remote is still the one that was opened, by its `remote.json`.
    var isStillThere: @Sendable () async throws(RemoteError) -> Bool = { true }
    /// Whether the store refuses a name that is taken.
    package let hasConditions: Bool
    /// How many requests there were so far.
    var requestCount: @Sendable () -> Int = { 0 }
    /// A reader takes the state before a batch that is missing or damaged for the newest.
    var readsBeforeDamage = false
    /// Told of damage that keeps nobody from reading the newest state.
    package var warn: @Sendable (String) -> Void = { _ in }
    /// Random numbers, of which each session has one.
    private let random: @Sendable () -> UInt64
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
        writer: String,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        now: @escaping @Sendable () -> Instant = { .now },
        random: @escaping @Sendable () -> UInt64 = { .random(in: 0 ... .max) }
    ) {
        self.store = store
        self.codec = codec
        self.address = address
        self.hasConditions = hasConditions
        self.random = random
        self.writer = writer
        self.sleep = sleep
        self.now = now
    }

    /// Names something that is written once. A machine that was copied while it ran may draw the same random
    /// numbers, but has other content to write.
    func makeSession(of content: [UInt8]) -> UInt64 {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: random())
        let digest = ObjectDigest(of: bytes + content).bytes
        return max(1, digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    func head(_ root: RootID) -> StreamHead {
        StreamHead(store: store, root: root, hasConditions: hasConditions)
    }

    package func reading(_ root: RootID) -> StreamReading {
        var reading = StreamReading(store: store, codec: codec, root: root, head: head(root))
        reading.endsBeforeDamage = readsBeforeDamage
        reading.warn = warn
        return reading
    }
}
