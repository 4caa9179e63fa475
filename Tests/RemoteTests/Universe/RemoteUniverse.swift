import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Synchronization
import TestSupport
import Testing

@testable import Remote

/// A remote, and machines that ship to it, read from it and prune it, as a seed says. After each step it is
/// checked by a reader without faults (`RemoteUniverse+Invariants`).
///
/// Machines are copied, with their cursors; the copies go on by themselves, at once or days later.
final class RemoteUniverse {
    static let grace = Duration.seconds(24 * 3600)

    var random: SeededRandom
    let bucket: MemoryBucket
    let hasConditions: Bool
    private let rates: FaultStore.Rates
    private let limits: RootShipper.Limits
    /// Copies of a machine that runs draw the same random numbers as it.
    private let sharesRandom: Bool
    private(set) var machines: [UniverseMachine] = []
    private var everCount = 0

    /// The digest of each batch that a writer was told to be stored.
    var acknowledged: [BatchNumber: ObjectDigest] = [:]
    /// The states that readers have, and when they got them.
    var held: [(time: Instant, state: RemoteState)] = []
    var checked: [ObjectName: Int] = [:]
    var steps: [String] = []
    private(set) var pruned = 0

    init(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        hasConditions = Int.random(in: 0..<3, using: &random) > 0
        let isLocked = Int.random(in: 0..<4, using: &random) == 0
        bucket = MemoryBucket(
            .init(
                hasConditions: hasConditions,
                lockedFor: isLocked ? .seconds(40 * 3600) : nil,
                leastPartBytes: 1
            )
        )
        let isFaulty = Int.random(in: 0..<4, using: &random) > 0
        rates =
            isFaulty
            ? .init(
                busy: 0.08,
                lostAnswers: 0.08,
                latePuts: 0.06,
                cutBodies: 0.05,
                conflicts: 0.03,
                // Without conditions lists are the fence: no fence holds where they are late as well.
                staleLists: hasConditions ? 0.1 : 0
            ) : .none
        var limits = RootShipper.Limits()
        limits.batchBytes = Bool.random(using: &random) ? 5_000 : 8 << 20
        limits.batchesPerIndex = UInt64.random(in: 2...6, using: &random)
        // Sealed segments go in parts then.
        if Bool.random(using: &random) { limits.partBytes = 600 }
        self.limits = limits
        sharesRandom = Bool.random(using: &random)
        let limit = UInt64.random(in: 1_500...6_000, using: &random)
        let history = try ShippedRoot(segmentLimit: limit)
        self.random = random
        add(history)
    }

    var root: RootID { machines[0].history.root.id }

    private func add(_ history: ShippedRoot, starts: UInt64 = 0) {
        everCount += 1
        machines.append(UniverseMachine("machine-\(everCount)", history, starts, &random))
    }

    /// What a failure says.
    var comment: String { "seed \(random.seed), steps: \(steps.suffix(40).joined(separator: ", "))" }

    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private func anyMachine() -> UniverseMachine {
        machines[Int.random(in: 0..<machines.count, using: &random)]
    }

    func access(_ store: any RemoteStore, _ seed: UInt64, _ writer: String = "reader") -> RemoteAccess {
        let bucket = bucket
        let random = Mutex(SeededRandom(seed: seed))
        return machines[0].history.access(
            store,
            hasConditions: hasConditions,
            writer: writer,
            sleep: { bucket.advanceClock(by: $0) },
            now: { bucket.clock },
            random: { random.withLock { $0.next() } }
        )
    }

    /// A client whose requests fail. `killAt`: nil for one that is not killed.
    private func faulty(killAt: Int? = nil) -> RetryingStore {
        let store = FaultStore(bucket, seed: random.next(), rates, killAt: killAt, pageCount: 50)
        return RetryingStore(store, mostAttempts: 3, seed: random.next()) { _, _ in }
    }

    private func killAt() -> Int? { chance(25) ? Int.random(in: 1...14, using: &random) : nil }

    func run(steps count: Int) async throws {
        for _ in 0..<count {
            try await step()
            try await expectInvariants()
        }
        try await finish()
    }

    private func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<34: try note("record") { try $0.record(&random) }
        case ..<40: try note("compact") { try $0.compact() }
        case ..<44: try note("remove") { try $0.removeSnapshots(&random) }
        case ..<47: try note("restart") { try $0.history.restart() }
        case ..<76: try await ship(anyMachine())
        case ..<79: try await ship(anyMachine(), takingOver: true)
        case ..<83: try copy()
        case ..<89: wait()
        case ..<94: try await prune()
        default: try await readWithFaults()
        }
    }

    private func note(_ what: String, _ body: (UniverseMachine) throws -> Void) throws {
        let machine = anyMachine()
        steps.append("\(what) \(machine.name)")
        try body(machine)
    }

    private func copy() throws {
        let machine = anyMachine()
        if machines.count == 3 { machines.remove(at: Int.random(in: 0..<3, using: &random)) }
        steps.append("copy \(machine.name)")
        add(try ShippedRoot(copyOf: machine.history), starts: machine.starts)
    }

    private func wait() {
        let hours = [0, 1, 5, 13, 25, 26, 60].randomElement(using: &random) ?? 0
        steps.append("wait \(hours) h")
        bucket.advanceClock(by: .seconds(hours * 3600 + 61))
    }

    /// Starts the program unless it runs, and lets it ship. It may be killed.
    func ship(_ machine: UniverseMachine, takingOver: Bool = false, faultless: Bool = false) async throws {
        guard takingOver || !machine.isStopped else { return }
        steps.append("\(takingOver ? "take over" : "ship") \(machine.name)")
        do {
            if takingOver || machine.shipper == nil || chance(15) || faultless {
                machine.shipper = nil
                let store: any RemoteStore =
                    faultless ? FaultStore(bucket, seed: 1) : faulty(killAt: killAt())
                machine.shipper = try await RootShipper.open(
                    access(store, sharesRandom ? machine.nextStart() : random.next(), machine.name),
                    machine.history.root,
                    takingOver: takingOver,
                    limits: limits
                )
                machine.isStopped = false
            }
            guard let shipper = machine.shipper else { return }
            let start = shipper.state.batch.number
            defer { acknowledge(shipper, after: takingOver ? start : .none) }
            try await shipper.ship()
        } catch let error as RemoteError {
            steps.append("(\(error.kind))")
            try expectAllowed(error, machine)
        }
    }

    private func expectAllowed(_ error: RemoteError, _ machine: UniverseMachine) throws {
        switch error.kind {
        case .unavailable, .conflict: break
        case .otherWriter:
            #expect(everCount > 1, "there never was another writer: \(error), \(comment)")
            (machine.shipper, machine.isStopped) = (nil, true)
        default:
            #expect(error == FaultStore.killed, "\(error), \(comment)")
            machine.shipper = nil
        }
    }

    func prune(faultless: Bool = false) async throws {
        let store: any RemoteStore = faultless ? FaultStore(bucket, seed: 1) : faulty(killAt: killAt())
        do throws(RemoteError) {
            let before = bucket.objects
            let reading = access(store, 1).reading(root)
            let outcome = try await RemotePrune(reading, grace: Self.grace).run()
            let removed = outcome.indexes.objects + outcome.batches.objects + outcome.data.objects
            steps.append("prune \(removed)")
            pruned += removed
            if faultless { #expect(before.count - bucket.objects.count == removed, "\(comment)") }
        } catch {
            steps.append("prune (\(error.kind))")
            let isAllowed = error.kind == .unavailable || error == FaultStore.killed
            #expect(isAllowed, "\(error), \(comment)")
        }
        expectHeldStates()
    }

    /// A reader with faults gets an error, or what is right.
    private func readWithFaults() async throws {
        steps.append("read")
        do {
            _ = try await restored(faulty())
        } catch let error as RemoteError {
            let isAllowed = [.unavailable, .missing].contains(error.kind)
            // To a list that lacks the newest index, what was pruned is a hole.
            let isHole = error.description.contains("is missing, though")
            #expect(isAllowed || (!hasConditions || isHole) && error.kind == .damaged, "\(error), \(comment)")
        }
    }

    /// In the end one machine ships all it has, and days later everything else can go.
    private func finish() async throws {
        guard let machine = machines.randomElement(using: &random) else { return }
        try machine.record(&random)
        try await ship(machine, takingOver: true, faultless: true)
        try await expectInvariants()
        let state = try await restored(FaultStore(bucket, seed: 1))
        #expect(state.lastSequence == machine.history.sequences.last, "\(comment)")
        for _ in 0..<3 {
            bucket.advanceClock(by: .seconds(26 * 3600))
            try machine.record(&random)
            try await ship(machine, faultless: true)
            try await prune(faultless: true)
            try await expectInvariants()
        }
    }
}
