internal import FoundationEssentials
import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// What a root's writer knows of a remote: the state that it shipped last, and its attempts to ship the next
/// batch. It lies in the root's directory, `remotes/HASH`, and is on the disk before each attempt.
///
/// Any attempt may be there, or come to be there late: the program may have ended before or after the answer.
/// Digests tell them apart, and tell them from the batch of another writer.
package struct ShippingCursor: Sendable {
    package var state = RemoteState()
    /// The oldest first.
    package private(set) var attempts: [Attempt] = []
    /// Of an attempt with many before it nobody hears any more.
    private static let mostAttempts = 64
    /// The stamps of the sealed segments that are objects of the remote, and perhaps of former ones.
    package var stamps: [SequenceNumber: FileStamp] = [:]
    /// When the last index was written; nil if that is not known.
    var lastIndexTime: Instant?
    /// An index follows as soon as the remote has all: batches before a takeover may be missing, and
    /// without it no reader would get past them.
    var needsIndex = false
    /// The number of the last index; 0 if that is not known.
    var lastIndexNumber = BatchNumber.none
    /// The data keys with which all that the state needs is sealed, since they are noted.
    var keyUses: [KeyUse] = []

    package struct Attempt: Hashable, Sendable, Codable {
        /// Of the batch as it was to be stored.
        package let digest: ObjectDigest
        /// The batch without its data: a writer cannot read back what it has sealed.
        let batch: Data
        let dataBytes: UInt64
        /// The stamps of the sealed segments that it names.
        let stamps: [String: FileStamp]
        /// What it and the objects that it names are sealed with.
        let keys: Set<KeyID>?

        /// - Parameters:
        ///   - digest: of the batch as it is to be stored.
        ///   - batch: without its data.
        init(
            _ digest: ObjectDigest,
            _ batch: StreamObject,
            dataBytes: UInt64,
            _ stamps: [SequenceNumber: FileStamp],
            sealedWith keys: Set<KeyID>
        ) {
            self.keys = keys.isEmpty ? nil : keys
            self.digest = digest
            self.batch = Data(batch.encoded())
            self.dataBytes = dataBytes
            self.stamps = ShippingCursor.texts(stamps)
        }
    }

    package init() {}

    private struct File: Codable {
        var version = 1
        /// Of the remote: a cursor of another one is of no use.
        let remote: String
        let number: UInt64
        let session: UInt64?
        /// The state as the content of an index.
        let state: Data
        let attempts: [Attempt]
        let stamps: [String: FileStamp]
        /// Nanoseconds since 1970.
        let indexed: Int64?
        let mustIndex: Bool?
        let indexedNumber: UInt64?
        let keyUses: [KeyUse]?
    }

    /// Where the cursor of a remote is. `directory`: of the root in the repository. `remote`: its address,
    /// without credentials.
    package static func path(_ directory: FilePath, _ remote: String) -> FilePath {
        let hash = ObjectDigest(of: Array(remote.utf8)).description.prefix(16)
        return directory.appending("remotes").appending(String(hash))
    }

    /// What tells its file from a later one; nil if there is none.
    static func stamp(_ directory: FilePath, _ remote: String) throws(SystemError) -> FileStamp? {
        try FileStatus.unlessMissing(path(directory, remote), followingLinks: false).map { FileStamp($0) }
    }

    /// Nil if there is none, or none that can be used: it is found out anew then.
    package init?(_ root: RootDescription, _ remote: String) throws {
        let path = Self.path(root.directory, remote)
        guard try FileStatus.unlessMissing(path, followingLinks: false) != nil,
            let bytes = try StoredFile.open(path).content(upTo: 1 << 30),
            let file = try? JSONDecoder().decode(File.self, from: Data(bytes)),
            file.version == 1, file.remote == remote
        else { return nil }
        let id = BatchID(BatchNumber(file.number), session: file.session)
        guard file.number > 0 else {
            attempts = file.attempts
            return
        }
        lastIndexTime = file.indexed.map { Instant(nanoseconds: $0) }
        needsIndex = file.mustIndex ?? false
        lastIndexNumber = BatchNumber(file.indexedNumber ?? 0)
        keyUses = file.keyUses ?? []
        let name = ObjectNames.index(root.id, after: id)
        guard id.number <= .last, let object = try? StreamObject([UInt8](file.state), .index, name),
            let state = try? RemoteState(object, id, name)
        else { return nil }
        self.state = state
        attempts = file.attempts
        guard let stamps = Self.stamps(file.stamps) else { return nil }
        self.stamps = stamps
    }

    private static func stamps(_ texts: [String: FileStamp]) -> [SequenceNumber: FileStamp]? {
        var stamps: [SequenceNumber: FileStamp] = [:]
        for (first, stamp) in texts {
            guard let first = UInt64(first) else { return nil }
            stamps[SequenceNumber(first)] = stamp
        }
        return stamps
    }

    static func texts(_ stamps: [SequenceNumber: FileStamp]) -> [String: FileStamp] {
        Dictionary(uniqueKeysWithValues: stamps.map { ("\($0.key)", $0.value) })
    }

    mutating func add(_ attempt: Attempt) {
        attempts.append(attempt)
        attempts.removeFirst(max(0, attempts.count - Self.mostAttempts))
    }

    func isAttempt(_ digest: ObjectDigest) -> Bool { attempts.contains { $0.digest == digest } }

    /// Makes the attempt with that digest, which the remote has as that batch, the last one. Throws
    /// `RemoteError.otherWriter` if it is no attempt.
    mutating func confirmAttempt(_ digest: ObjectDigest, _ root: RootID, _ id: BatchID) throws(RemoteError) {
        guard let attempt = attempts.last(where: { $0.digest == digest }) else {
            throw RemoteError.otherWriter(id)
        }
        let name = ObjectNames.batch(root, id)
        let object = try StreamObject([UInt8](attempt.batch), .batch, name)
        try state.apply(object, id, digest: digest, dataBytes: attempt.dataBytes, name)
        stamps.merge(Self.stamps(attempt.stamps) ?? [:]) { $1 }
        for key in attempt.keys ?? [] { noteUse(of: key, for: id.number) }
        attempts = []
    }

    /// Finds out whether the remote has an attempt, and that no other writer has continued from here. Returns
    /// the store's time at which that was certain.
    mutating func resolveAttempts(
        _ head: StreamHead,
        _ sleep: (Duration) async throws -> Void
    ) async throws -> Instant {
        if let found = try await head.settled(state.batch.number.next, sleep) {
            try confirmAttempt(found.digest, head.root, found.id)
            if let next = try await head.batch(state.batch.number.next) {
                throw RemoteError.otherWriter(next.id)
            }
        }
        return try await head.requireNoIndex(after: state.batch.number)
    }

    /// Replaces the file, and waits until it is on the disk.
    package func save(in directory: FilePath, _ remote: String, _ root: RootID) throws {
        let path = Self.path(directory, remote)
        try Directory.make(path.removingLastComponent())
        let file = File(
            remote: remote,
            number: state.batch.number.value,
            session: state.batch.session,
            state: Data(state.indexObject(root, session: 0, writer: "", .now).encoded()),
            attempts: attempts,
            stamps: Self.texts(stamps),
            indexed: lastIndexTime?.nanoseconds,
            mustIndex: needsIndex,
            indexedNumber: lastIndexNumber.value,
            keyUses: keyUses.isEmpty ? nil : keyUses
        )
        try Directory.replaceFile(at: path, with: SmallFile.encoded(file))
    }
}

extension ShippingCursor {
    /// A takeover is tried again so often when a batch arrives meanwhile.
    static let mostTakeovers = 5

    /// A cursor after the newest batch, whoever wrote it. If `saved` is after a later batch, which is gone,
    /// this one is too: somebody may bring that batch back.
    static func forTakeover(
        _ head: StreamHead,
        after saved: ShippingCursor?,
        _ sleep: (Duration) async throws -> Void
    ) async throws -> ShippingCursor {
        var attempts = 1
        while true {
            var cursor = ShippingCursor()
            let highest = try await head.highest()?.number ?? .none
            if let saved, saved.state.batch.number > highest {
                cursor.state = RemoteState(beginningAfter: saved.state.batch, head: saved.state.head)
                cursor.needsIndex = true
                return cursor
            }
            guard highest > .none else { return cursor }
            do {
                let newest = try await head.settled(highest, sleep)
                let id = newest?.id ?? BatchID(highest)
                cursor.state = RemoteState(beginningAfter: id, head: newest?.digest ?? .none)
                cursor.needsIndex = true
                return cursor
            } catch let error as RemoteError where error.kind == .otherWriter && attempts < mostTakeovers {
                // There is a newer one by now.
                attempts += 1
            }
        }
    }
}
