import Remote
import Synchronization

/// A store that remembers what was read. The first requests for data may have to wait for each other.
final class RecordingStore: ForwardingStore {
    private struct State {
        var names: [ObjectName] = []
        var underWay = 0
        var most = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isOpen: Bool
    }

    let store: any RemoteStore
    private let gate: Int
    private let state: Mutex<State>

    /// - Parameter gate: no request for a data object is answered before so many are under way.
    init(_ store: any RemoteStore, gate: Int = 0) {
        (self.store, self.gate) = (store, gate)
        state = Mutex(State(isOpen: gate == 0))
    }

    /// The data objects that were read since the last call.
    func takeData() -> Set<ObjectName> {
        state.withLock { state in
            defer { state.names.removeAll() }
            return Set(state.names.filter { $0.text.contains("/data/") })
        }
    }

    /// The names of all requests to read since the last call, in order.
    func takeNames() -> [String] {
        state.withLock { state in
            defer { state.names.removeAll() }
            return state.names.map(\.text)
        }
    }

    /// The most requests for data objects that were under way at the same time.
    var mostUnderWay: Int { state.withLock { $0.most } }

    func get(_ name: ObjectName, _ range: Range<UInt64>?) async throws(RemoteError) -> [UInt8] {
        guard name.text.contains("/data/") else {
            state.withLock { $0.names.append(name) }
            return try await store.get(name, range)
        }
        await arrive(name)
        defer { state.withLock { $0.underWay -= 1 } }
        return try await store.get(name, range)
    }

    private func arrive(_ name: ObjectName) async {
        await withCheckedContinuation { continuation in
            let resumed = state.withLock { state in
                state.names.append(name)
                state.underWay += 1
                state.most = max(state.most, state.underWay)
                state.waiting.append(continuation)
                state.isOpen = state.isOpen || state.underWay == gate
                guard state.isOpen else { return [CheckedContinuation<Void, Never>]() }
                defer { state.waiting.removeAll() }
                return state.waiting
            }
            for one in resumed { one.resume() }
        }
    }
}
