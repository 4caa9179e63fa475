import RepositoryFormat

/// Reads the stream of a root from a remote.
package struct StreamReading: Sendable {
    let store: any RemoteStore
    let codec: ObjectCodec
    let root: RootID
    let head: StreamHead
    /// The state before a batch that is missing or damaged counts as the newest.
    var endsBeforeDamage = false
    /// Told of damage that keeps nobody from reading the newest state.
    var warn: @Sendable (String) -> Void = { _ in }

    /// The state after the newest batch; that of before the first one if there is none. It needs two lists,
    /// however old the remote is: of the newest index, and of the batches after it. An index that is damaged
    /// is passed over.
    ///
    /// Throws `RemoteError.damaged` if a batch is missing and a later one is there: the state before the hole
    /// is not the newest.
    package func newestState() async throws(RemoteError) -> RemoteState {
        let (start, damage) = try await newestUsableIndex()
        guard let damage = damage.first?.error else { return try await newestState(from: start) }
        let state: RemoteState
        do throws(RemoteError) {
            state = try await newestState(from: start)
        } catch {
            guard error.kind == .damaged, error != damage else { throw error }
            throw RemoteError(.damaged, "\(damage); without that index: \(error)")
        }
        guard state.batch.number > .none else {
            throw RemoteError(
                .damaged,
                "\(damage); nothing can be read without that index: \(RemoteError.takeOver) to ship all once more"
            )
        }
        warn("its newest index is not used, until there is a later one: \(damage)")
        return state
    }

    private func newestState(from start: RemoteState) async throws(RemoteError) -> RemoteState {
        var state = start
        while true {
            do throws(RemoteError) {
                while try await advance(&state) {}
            } catch {
                guard endsBeforeDamage, error.kind == .damaged else { throw error }
                return state
            }
            guard !endsBeforeDamage, let later = try await head.listed(after: state.batch.number) else {
                return state
            }
            // The writer may have gone on before the list was made.
            if try await advance(&state) { continue }
            // The first list may have lacked the newest index.
            let index = try await newestUsableIndex().state
            if index.batch.number > state.batch.number {
                state = index
                continue
            }
            let number = state.batch.number.next
            // Another list lacks it still: then it is not there yet.
            guard later.number > number else { return state }
            throw Self.hole(ObjectNames.batch(root, BatchID(number)), ObjectNames.batch(root, later))
        }
    }

    private static func hole(_ missing: ObjectName, _ later: ObjectName) -> RemoteError {
        RemoteError(
            .damaged,
            "\(missing) is missing, though \(later) is there: \(RemoteError.takeOver), or read what is before it with "
                + "--before-damage"
        )
    }

    /// Takes in the batch that follows. Returns false if there is none yet.
    func advance(_ state: inout RemoteState) async throws(RemoteError) -> Bool {
        guard let stored = try await head.batch(state.batch.number.next) else { return false }
        let name = ObjectNames.batch(root, stored.id)
        let object = try await decoded(stored, name)
        try state.apply(object, stored.id, digest: stored.digest, name)
        return true
    }

    /// The state of the newest index that is not damaged; that of before the first batch if there is none.
    /// `damage`: the later ones, and what is wrong with each. Without them more batches are read: an index is
    /// only a shortcut.
    func newestUsableIndex() async throws(RemoteError) -> (
        state: RemoteState, damage: [(id: BatchID, error: RemoteError)]
    ) {
        var state = RemoteState()
        var damage: [(id: BatchID, error: RemoteError)] = []
        try await store.forEachPage(ObjectNames.index(root)) { page async throws(RemoteError) in
            for id in page.objects.compactMap({ ObjectNames.indexed($0.name, in: root) }) {
                do throws(RemoteError) {
                    state = try await index(after: id)
                    return false
                } catch {
                    guard error.kind == .damaged else { throw error }
                    damage.append((id, error))
                }
            }
            return true
        }
        return (state, damage)
    }

    /// The state of an index.
    func index(after id: BatchID) async throws(RemoteError) -> RemoteState {
        let name = ObjectNames.index(root, after: id)
        let bytes = try await codec.decoded(try await store.getNamed(name), .index, root, name)
        let object = try StreamObject(bytes, .index, name)
        try object.require(root, BatchID(id.number), name)
        return try RemoteState(object, id, name)
    }

    /// The content of a batch's data.
    func data(of id: BatchID) async throws(RemoteError) -> [UInt8] {
        let name = ObjectNames.batch(root, id)
        return try await decoded(StreamHead.Stored(id: id, bytes: try await store.getNamed(name)), name).data
    }

    private func decoded(
        _ stored: StreamHead.Stored,
        _ name: ObjectName
    ) async throws(RemoteError) -> StreamObject {
        let bytes = try await codec.decoded(stored.bytes, .batch, root, name)
        let object = try StreamObject(bytes, .batch, name)
        try object.require(root, stored.id, name)
        return object
    }
}
