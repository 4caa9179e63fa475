package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader

/// Ships the roots of a repository to one remote, and goes on with what is flushed: the first change after a
/// quiet time at once, under load after each interval.
package struct RemoteFollower: Sendable {
    private let remote: RemoteAccess
    private let settings: RemoteSettings
    private let loop: EventLoop
    private let trouble: RemoteTrouble?

    /// So long after a failure that does not pass by itself, it is tried again: somebody may have mended it.
    package static let patience = Duration.seconds(300)

    /// - Parameter trouble: is told of which root requests are.
    package init(
        _ remote: RemoteAccess,
        _ settings: RemoteSettings,
        on loop: EventLoop,
        telling trouble: RemoteTrouble? = nil
    ) {
        (self.remote, self.settings, self.loop, self.trouble) = (remote, settings, loop, trouble)
    }

    /// After that it is told that another process ships the root.
    private static let silence = Duration.seconds(3)

    /// Ships all there is of these roots. Returns what was shipped of each, or why not. `waits` is told of a
    /// root that another process ships for so long. `progress` counts the bytes of one root after the other.
    package func ship(
        _ roots: [RootDescription],
        takingOver: Bool = false,
        progress: WorkProgress? = nil,
        waits: @escaping @Sendable (RootDescription) -> Void = { _ in }
    ) async -> [(root: RootDescription, result: Result<Shipment, any Error>)] {
        var results: [(root: RootDescription, result: Result<Shipment, any Error>)] = []
        for root in roots {
            do {
                let reminder = Task(executorPreference: loop) {
                    try await loop.sleep(for: Self.silence)
                    waits(root)
                }
                defer { reminder.cancel() }
                let lock = try await ShippingLock.take(root, remote.address)
                defer { extendLifetime(lock) }
                reminder.cancel()
                let shipper = try await RootShipper.open(remote, root, takingOver: takingOver)
                shipper.progress = progress
                results.append((root, .success(try await ship(root, shipper))))
            } catch {
                report(error, root)
                results.append((root, .failure(error)))
            }
        }
        return results
    }

    /// Ships until the task is cancelled. `failed`: told of each failure. Throws `RemoteError.noSuchRemote`
    /// if the remote must be opened once more.
    package func run(
        _ watch: FlushWatch,
        failed: @Sendable (RootDescription, any Error) -> Void
    ) async throws {
        var shippers: [RootID: RootShipper] = [:]
        // Roots that another writer has, with the cursor as it was then. A take-over gives it another one.
        var lost: [RootID: FileStamp?] = [:]
        var retries: [RootID: RootDescription] = [:]
        var retryTime: MonotonicInstant?
        // A verdict follows a commit by some seconds. Its batch must not let the next commit wait.
        var mayGoOn = true
        while !Task.isCancelled {
            var roots = try await watch.next(until: retryTime)
            if let time = retryTime, time <= .now {
                roots += retries.values
                (retries, retryTime) = ([:], nil)
            }
            var (isToRest, hasShipped) = (false, false)
            for root in roots {
                let cursor = try ShippingCursor.stamp(root.directory, remote.address)
                if let known = lost[root.id], known == cursor { continue }
                lost[root.id] = nil
                do {
                    let former = shippers[root.id]?.state.lastSequence
                    let (shipper, shipment) = try await shipNext(root, shippers[root.id])
                    shippers[root.id] = shipper
                    guard shipment.batches > 0 else { continue }
                    hasShipped = true
                    // Without a snapshot it was shipped amid the first capture.
                    let hasNews = shipment.sequence != former && shipment.sequence > .none
                    isToRest = isToRest || !mayGoOn || hasNews
                } catch let error as RemoteError where error.kind == .noSuchRemote {
                    throw error
                } catch {
                    isToRest = true
                    shippers[root.id] = nil
                    report(error, root)
                    failed(root, error)
                    if (error as? RemoteError)?.kind == .otherWriter {
                        lost[root.id] = .some(cursor)
                    } else {
                        retries[root.id] = root
                        retryTime = MonotonicInstant.now.advanced(by: Self.patience)
                    }
                }
            }
            // What comes meanwhile is collected. Of what is shipped already, the watch may tell once more.
            mayGoOn = isToRest || mayGoOn && !hasShipped
            if isToRest { try await loop.sleep(for: settings.interval) }
        }
    }

    /// Goes on with the shipper, or with a new one if another process has shipped meanwhile.
    private func shipNext(
        _ root: RootDescription,
        _ known: RootShipper?
    ) async throws -> (RootShipper, Shipment) {
        let lock = try await ShippingLock.take(root, remote.address)
        defer { extendLifetime(lock) }
        trouble?.begin(root)
        let shipper: RootShipper
        if let known, try known.isCurrent() {
            shipper = known
        } else {
            shipper = try await RootShipper.open(remote, root)
        }
        return (shipper, try await ship(root, shipper))
    }

    private func ship(_ root: RootDescription, _ shipper: RootShipper) async throws -> Shipment {
        let (batches, bytes) = (shipper.batchCount, shipper.shippedBytes)
        let requests = remote.requestCount()
        try await shipper.ship { state in try acknowledge(state, root) }
        // When there was nothing to ship, what hindered it holds no longer all the same.
        if shipper.batchCount == batches { try acknowledge(shipper.state, root) }
        return Shipment(
            sequence: shipper.state.lastSequence,
            batches: shipper.batchCount - batches,
            bytes: shipper.shippedBytes - bytes,
            requests: remote.requestCount() - requests
        )
    }

    private func acknowledge(_ state: RemoteState, _ root: RootDescription) throws {
        var report = ShippingReport.current(root, settings)
        report.shipped(state, .now)
        try report.save(root)
    }

    private func report(_ error: any Error, _ root: RootDescription) {
        Self.report("\(error)", root, settings)
    }

    /// Nothing is shipped of the root: why, for `status`.
    package static func report(_ reason: String, _ root: RootDescription, _ settings: RemoteSettings) {
        var report = ShippingReport.current(root, settings)
        report.error = reason
        try? report.save(root)
    }

    /// That reason holds no longer.
    static func forget(_ reason: String, _ root: RootDescription, _ settings: RemoteSettings) {
        var report = ShippingReport.current(root, settings)
        guard report.error == reason else { return }
        report.error = nil
        try? report.save(root)
    }
}

/// What was shipped of a root.
package struct Shipment: Hashable, Sendable {
    /// The last snapshot that the remote has now.
    package let sequence: SequenceNumber
    package let batches: Int
    package let bytes: UInt64
    /// To the store, those that were repeated included.
    package let requests: Int

    package init(sequence: SequenceNumber, batches: Int, bytes: UInt64, requests: Int) {
        (self.sequence, self.batches, self.bytes, self.requests) = (sequence, batches, bytes, requests)
    }
}
