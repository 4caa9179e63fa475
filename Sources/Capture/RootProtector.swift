package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import RepositoryWriter
import Synchronization
package import SystemPackage

/// Protects one root: an observer captures changes at once, a recorder writes a little later.
package final class RootProtector: Sendable {
    package struct Options: Sendable {
        /// Quiet that ends a burst of changes.
        package var quiet = Duration.milliseconds(20)
        /// The longest that a change waits to be made durable while others follow.
        package var maximumDelay = Duration.milliseconds(100)
        /// The longest that a file goes without being compared as a whole, about.
        package var auditInterval = Duration.seconds(24 * 3600)
        /// Quiet after which the segment that was written last is ended, so that it is compacted as well.
        package var idleDelay = Duration.seconds(600)
        /// Whether failed writes to the repository are retried until they succeed, or end the run.
        package var isPatient = true
        /// Descriptors that this root's protection may use.
        package var openFiles = CurrentProcess.openFileLimit
        /// Shell patterns of names that are left out.
        package var exclusions: [String] = []
        /// Which snapshots are kept, when the history has grown; nil for all.
        package var retention: (@Sendable (RootDescription) throws -> KeptSnapshots)?
        /// What was counted of the root before.
        package var counters = CaptureCounters()
        /// Called when something new is durable, by a thread that must not wait.
        package var onDurable: (@Sendable () -> Void)?

        package init() {}
    }

    package let root: RootDescription
    private static let lockBarrier = UInt64.max
    private let repository: FilePath
    private let options: Options
    private let threads: ProtectorThreads
    private let meter: StatusMeter
    private let requests: RequestQueue
    private let queue: CaptureQueue
    private let answers = DurabilityWaiters()
    private let compactor: Compactor
    private let holdsLock = Atomic<Bool>(false)

    /// - Parameter threads: nil for threads of its own.
    package init(
        root: RootDescription,
        repository: FilePath,
        options: Options = Options(),
        threads: ProtectorThreads? = nil,
        notice: @escaping @Sendable (CaptureNotice) -> Void = { _ in }
    ) throws(SystemError) {
        meter = StatusMeter(options.counters, notice: notice)
        self.threads = if let threads { threads } else { try ProtectorThreads() }
        self.root = root
        self.repository = repository
        self.options = options
        queue = CaptureQueue()
        requests = RequestQueue(queue.observerSignal)
        compactor = Compactor(root, meter: meter, retention: options.retention)
    }

    package var status: CaptureStatus { meter.current }
    package var exclusions: [String] { options.exclusions }
    /// What is not durable yet: the steps of files, and the memory of all steps in bytes.
    package var backlog: (steps: Int, byteCount: Int) { queue.backlog }

    /// Takes the root's lock, protects until `stop` and returns when everything is durable. Throws
    /// `RepositoryError.locked` when another has it, `CaptureInterruption` when `stop` came before everything
    /// was captured, `SystemError`.
    package func run() async throws {
        do {
            try await withTaskExecutorPreference(threads.recorders) { try await record() }
        } catch {
            answers.fail(error)
            throw error
        }
        answers.fail(CancellationError())
    }

    /// Says what hinders the repository's disk, or (nil) that nothing does any more.
    package func repositoryTrouble(_ text: String?) { meter.trouble(.disk, text) }

    /// Ends `run`.
    package func stop(_ stop: CaptureStop) {
        if stop != .done { compactor.giveUp() }
        requests.stop(stop)
    }

    /// Removes what was written of base images that are not finished. For a process that ends while `run`
    /// goes on.
    package func removeDrafts() {
        if holdsLock.load(ordering: .acquiring) { root.removeDrafts() }
    }

    /// Waits until `run` has the root's lock.
    package func locked() async throws {
        _ = try await answers.wait(for: Self.lockBarrier)
    }

    /// Waits until the first capture of everything is durable.
    package func ready() async throws -> DurablePoint {
        try await answers.wait(for: DurabilityWaiters.readyBarrier)
    }

    /// Waits until all that was committed before this call is durable, and what is to be said of it.
    package func synchronise(_ annotations: [AnnotationRequest] = []) async throws -> DurablePoint {
        try await answers.wait(for: requests.post(annotations))
    }

    /// Removes the snapshots that do not stay, of all that was committed before this call. `decide` is asked
    /// when that is durable. Capture goes on meanwhile.
    package func prune(
        _ decide: @escaping @Sendable () throws -> KeptSnapshots
    ) async throws -> RootPruning.Outcome {
        _ = try await answers.wait(for: requests.post(endsSegment: true))
        return try await compactor.prune(decide)
    }

    /// Opens the root, starts the observer, writes until that ends.
    private func record() async throws {
        let writer = try RootWriter(root: root)
        holdsLock.store(true, ordering: .releasing)
        defer { holdsLock.store(false, ordering: .releasing) }
        answers.give([Self.lockBarrier], writer.lastDurableSequence, writer.lastTime)
        for note in writer.notes { meter.notify(.finding(note)) }
        meter.update { $0.lastSequence = writer.lastDurableSequence }
        let sharesDisk = SharedDisk.has(root.path, repository)
        meter.update { $0.sharesDisk = sharesDisk }
        if sharesDisk, writer.lastDurableSequence == .none { meter.notify(.sharesDisk) }
        let start = ObserverStart(
            root: root,
            scope: RootScope(exclusions: options.exclusions),
            repository: repository,
            files: writer.files.values.sorted { $0.id < $1.id },
            directories: Set(writer.attributes.directories.keys),
            knownGoodUntil: writer.lastTime,
            auditInterval: options.auditInterval
        )
        let recorder = Recorder(
            writer: writer,
            compactor: compactor,
            queue: queue,
            loop: threads.recorders,
            meter: meter,
            answers: answers,
            debounce: Debounce(quiet: options.quiet, maximumDelay: options.maximumDelay),
            isPatient: options.isPatient,
            idleDelay: options.idleDelay,
            onDurable: options.onDurable
        )
        let hashes = writer.hashes
        async let observed: Void = observe(start, hashes)
        async let compacted: Void = compactor.run(on: threads.compactors)
        var failure: (any Error)?
        do {
            try await recorder.run()
        } catch {
            failure = error
        }
        requests.stop(.atOnce)
        writer.discardOpenBases()
        compactor.end(finishing: !options.isPatient)
        // The lock goes with the writer: nothing is sealed without it.
        await compacted
        do {
            try await observed
        } catch {
            failure = failure ?? error
        }
        withExtendedLifetime(writer) {}
        if let failure { throw failure }
    }

    /// Observes until `stop`. Then no more steps follow.
    private func observe(_ start: ObserverStart, _ hashes: PageHashes) async throws {
        defer { queue.close() }
        do {
            try await withTaskExecutorPreference(threads.observers) {
                let context = CaptureContext(
                    queue: queue,
                    meter: meter,
                    mirrorDirectory: root.directory.appending("mirror"),
                    hashes: hashes,
                    budget: OpenFileBudget(openFiles: options.openFiles),
                    links: threads.links
                )
                try await Observer(start, requests: requests, context: context, threads: threads).run()
            }
        } catch {
            meter.update { $0.interruption = error as? CaptureInterruption }
            throw error
        }
    }
}
