import LinuxSystem
import RepositoryFormat

/// Checks what a remote has of a root, without downloads of data.
///
/// 1. The newest index and the batches after it are read. Each batch has the digest of the one before.
/// 2. Each object that this state needs must be in a list, with the size that it must have. One that no list
///    shows is asked for by its name, because lists may be late.
/// 3. No batch may be there after one that is missing.
/// 4. Each of these objects that is sealed names a data key in its first bytes, which are read. That key must
///    have a key object.
package struct RemoteCheck: Sendable {
    let reading: StreamReading

    package init(_ reading: StreamReading) {
        self.reading = reading
    }

    /// What was checked.
    package struct Outcome: Sendable {
        /// The newest state that could be read.
        package let state: RemoteState
        /// What that state needs.
        package fileprivate(set) var needed = ObjectCount()
        /// Objects that it does not need, nor an upload that may be under way. `RemotePrune` removes them
        /// when they are old.
        package fileprivate(set) var unneeded = ObjectCount()
        package fileprivate(set) var errors = 0
        package fileprivate(set) var warnings = 0
        /// The state is not the newest one: what follows it is damaged or missing, which is among the errors.
        package fileprivate(set) var isCut = false
    }

    /// Throws only what keeps it from checking: no connection, no rights, the wrong key.
    package func run(_ report: @escaping (RemoteFinding) -> Void) async throws(RemoteError) -> Outcome {
        var run = CheckRun(reading, report)
        let state = try await run.newestState()
        guard let needed = run.needed(by: state) else { return run.outcome(state) }
        run.begin(state, needed)
        for prefix in [ObjectNames.data(reading.root), ObjectNames.stream(reading.root)] {
            try await reading.store.forEachPage(prefix) { page in
                for object in page.objects { run.check(object) }
                return true
            }
        }
        try await run.checkIndexes()
        try await run.askForMissing()
        try await run.checkHole()
        try await run.checkKeys()
        return run.outcome(state)
    }
}

/// One run of a check.
private struct CheckRun {
    private let reading: StreamReading
    private let report: (RemoteFinding) -> Void
    private var outcome = RemoteCheck.Outcome(state: RemoteState())
    private var state = RemoteState()
    private var indexed = BatchNumber.none
    private var named: [ObjectName: NeededObjects.Size] = [:]
    /// Those that no list has shown so far.
    private var missing: Set<ObjectName> = []
    /// Those whose data keys must be there.
    private var present: [ListedObject] = []
    /// What was found of indexes. A data key that is missing is found at each that it seals.
    private var foundOfIndexes: Set<String> = []
    private var lastNumber: BatchNumber?
    private var hasNext = false
    private var firstLater: ObjectName?

    init(_ reading: StreamReading, _ report: @escaping (RemoteFinding) -> Void) {
        (self.reading, self.report) = (reading, report)
    }

    func outcome(_ state: RemoteState) -> RemoteCheck.Outcome {
        var result = RemoteCheck.Outcome(state: state)
        (result.needed, result.unneeded, result.isCut) = (outcome.needed, outcome.unneeded, outcome.isCut)
        (result.errors, result.warnings) = (outcome.errors, outcome.warnings)
        return result
    }

    private mutating func add(_ severity: RemoteFinding.Severity, _ name: ObjectName, _ message: String) {
        if severity == .error { outcome.errors += 1 } else { outcome.warnings += 1 }
        report(RemoteFinding(severity, name, message))
    }

    /// After damage, the state before it. Where an index is damaged, that of an older one is gone on from.
    mutating func newestState() async throws(RemoteError) -> RemoteState {
        let (start, damage) = try await reading.newestUsableIndex()
        for (id, error) in damage where foundOfIndexes.insert(error.description).inserted {
            add(.error, ObjectNames.index(reading.root, after: id), error.description)
        }
        indexed = start.batch.number
        return try await advanced(start)
    }

    private mutating func advanced(_ start: RemoteState) async throws(RemoteError) -> RemoteState {
        var state = start
        do throws(RemoteError) {
            while try await reading.advance(&state) {}
        } catch {
            guard error.kind == .damaged else { throw error }
            outcome.isCut = true
            let id = BatchID(state.batch.number.next)
            add(.error, ObjectNames.batch(reading.root, id), error.description)
        }
        return state
    }

    mutating func needed(by state: RemoteState) -> NeededObjects? {
        do throws(RemoteError) {
            return try NeededObjects(state, reading.root, reading.codec)
        } catch {
            add(.error, ObjectNames.batch(reading.root, state.batch), error.description)
            return nil
        }
    }

    mutating func begin(_ state: RemoteState, _ needed: NeededObjects) {
        self.state = state
        named = needed.sizes
        missing = Set(named.keys)
    }

    mutating func check(_ object: ListedObject) {
        if let size = named[object.name] {
            outcome.needed.add(object)
            missing.remove(object.name)
            present.append(object)
            if !size.allows(object.sizeBytes) { addWrongSize(object.name, object.sizeBytes, size) }
        }
        if let id = ObjectNames.batch(object.name, in: reading.root) {
            checkBatch(object, id)
        } else if let number = ObjectNames.dataNumber(object.name, in: reading.root) {
            // Those with a higher number may be an upload that is under way.
            if named[object.name] == nil, number <= state.batch.number { outcome.unneeded.add(object) }
        } else {
            add(.warning, object.name, "it is not one of holdfast's names: nothing reads or removes it")
        }
    }

    private mutating func checkBatch(_ object: ListedObject, _ id: BatchID) {
        let hasKnownForm = (id.session == nil) == reading.head.hasConditions
        guard id.number > .none, hasKnownForm else {
            add(.warning, object.name, "no writer of this remote gives a batch such a name")
            return
        }
        if id.number == lastNumber {
            add(
                .warning,
                object.name,
                "there is another batch \(id.number): two writers have shipped at once"
            )
        }
        lastNumber = id.number
        if id.number == state.batch.number.next {
            hasNext = true
        } else if id.number > state.batch.number {
            firstLater = firstLater ?? object.name
        } else if named[object.name] == nil, id.number < indexed {
            outcome.unneeded.add(object)
        }
    }

    private mutating func addWrongSize(_ name: ObjectName, _ bytes: UInt64, _ size: NeededObjects.Size) {
        let wanted =
            switch size {
            case .exactly(let count): "instead of \(count)"
            case .atLeast(let count): "instead of at least \(count)"
            }
        add(.error, name, "it has \(bytes) bytes \(wanted): what needs it cannot be restored")
    }

    mutating func checkIndexes() async throws(RemoteError) {
        let root = reading.root
        var foreign: [ObjectName] = []
        var older: [ListedObject] = []
        try await reading.store.forEachPage(ObjectNames.index(root)) { page in
            for object in page.objects {
                if let id = ObjectNames.indexed(object.name, in: root) {
                    if id.number < indexed { older.append(object) }
                } else {
                    foreign.append(object.name)
                }
            }
            return true
        }
        for object in older { outcome.unneeded.add(object) }
        for name in foreign { add(.warning, name, "it is not the name of an index") }
    }

    /// A list may be late.
    mutating func askForMissing() async throws(RemoteError) {
        for name in missing.sorted() {
            guard let size = named[name] else { continue }
            if let bytes = try await reading.store.size(of: name) {
                let object = ListedObject(name: name, sizeBytes: bytes, written: .now)
                outcome.needed.add(object)
                present.append(object)
                if !size.allows(bytes) { addWrongSize(name, bytes, size) }
            } else {
                add(.error, name, "it is missing: what needs it cannot be restored")
            }
        }
    }

    /// A writer may have gone on meanwhile, so the missing batch is asked for once more.
    mutating func checkHole() async throws(RemoteError) {
        guard let later = firstLater, !hasNext, !outcome.isCut else { return }
        let number = state.batch.number.next
        guard try await reading.head.batch(number) == nil else { return }
        let name = ObjectNames.batch(reading.root, BatchID(number))
        outcome.isCut = true
        add(.error, name, "it is missing, though \(later) is there: nothing after it can be restored")
    }

    mutating func checkKeys() async throws(RemoteError) {
        guard reading.codec.opens else { return }
        let keys = try await reading.store.sealingKeys(of: present)
        let lost = try await reading.store.keysWithoutObject(Set(keys.values))
        for key in lost.sorted(by: { $0.description < $1.description }) {
            guard let first = keys.filter({ $0.value == key }).keys.min() else { continue }
            add(
                .error,
                KeyObjectName(key).name,
                "it is missing, and \(first) is sealed with that key: put it back, or \(RemoteError.takeOver) to ship "
                    + "all once more"
            )
        }
    }
}
