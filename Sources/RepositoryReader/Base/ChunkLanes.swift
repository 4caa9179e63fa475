import LinuxSystem
import Synchronization

/// The work of a lane on one chunk. Its buffers are reused for the next chunk.
package protocol ChunkWork: ~Copyable, SendableMetatype {
    init() throws
    /// Called on the lane's thread. An error is kept in the work, for its owner.
    mutating func run()
}

/// Works on several chunks of a base at once, each on a thread of its own. Returns them in the order in which
/// they were given. Only the owner's thread calls it, and only that thread accesses files.
///
/// Lanes share a budget of threads for the whole process. When it is used up, the next owner has a single
/// lane, which works on the owner's thread. The results are the same.
package final class ChunkLanes<Work: ChunkWork & ~Copyable> {
    private let lanes: [ChunkLane<Work>]
    private let threads: LaneThreads
    private var given = 0
    private var collected = 0
    /// The oldest chunk is known to be done.
    private var oldestIsDone = false

    package init() throws {
        let threads = LaneThreads()
        lanes = try (0..<max(1, threads.count)).map { _ in ChunkLane(try Work()) }
        self.threads = threads
        for lane in lanes[..<threads.count] { try lane.start() }
    }

    deinit {
        for lane in lanes { lane.end() }
    }

    package var isFull: Bool { given - collected == lanes.count }
    package var isEmpty: Bool { given == collected }

    /// Fills the next free lane by `fill` and starts it; there must be one. After an error nothing was given.
    package func give<Failure: Error>(_ fill: (inout Work) throws(Failure) -> Void) throws(Failure) {
        precondition(!isFull)
        let lane = lanes[given % lanes.count]
        try lane.work.withLock { work throws(Failure) in try fill(&work) }
        given += 1
        if threads.count > 0 { lane.given.signal() } else { lane.work.withLock { $0.run() } }
    }

    /// Waits for the oldest chunk and removes it from its lane. If `take` throws, it is still there.
    package func collect<Failure: Error>(_ take: (inout Work) throws(Failure) -> Void) throws(Failure) {
        precondition(!isEmpty)
        let lane = lanes[collected % lanes.count]
        if threads.count > 0, !oldestIsDone { lane.done.wait() }
        oldestIsDone = true
        try lane.work.withLock { work throws(Failure) in try take(&work) }
        oldestIsDone = false
        collected += 1
    }
}

/// One lane. Its work belongs to the owner before `given` and after `done`, and to its thread in between.
private final class ChunkLane<Work: ChunkWork & ~Copyable>: Sendable {
    let work: Mutex<Work>
    let given = Semaphore()
    let done = Semaphore()
    private let hasEnded = Atomic<Bool>(false)

    init(_ work: consuming sending Work) {
        self.work = Mutex(work)
    }

    func start() throws(SystemError) {
        try WorkerThread.start("chunks") { [self] in
            while true {
                given.wait()
                if hasEnded.load(ordering: .acquiring) { return }
                work.withLock { $0.run() }
                done.signal()
            }
        }
    }

    func end() {
        hasEnded.store(true, ordering: .releasing)
        given.signal()
    }
}

/// A share of the threads of all lanes in the process. There is one thread for each processor, and one more
/// so that none waits while a finished chunk is written. Five is the maximum.
private final class LaneThreads {
    private static let free = Mutex(min(4, WorkerThread.processors.count) + 1)

    let count: Int

    /// Takes all free threads.
    init() {
        count = Self.free.withLock { free in
            defer { free = 0 }
            return free
        }
    }

    deinit {
        Self.free.withLock { $0 += count }
    }
}
