import Capture
import History
import LinuxSystem
import RepositoryFormat
import RepositoryWriter

/// What the watcher of a root answers to other commands.
extension RootProtector {
    /// - Parameters:
    ///   - started: when the watcher began.
    ///   - maximumBytes: the most that the root may take in the repository; nil for no limit.
    func answer(
        _ request: ControlRequest,
        started: Instant,
        maximumBytes: UInt64?
    ) async -> ControlAnswer {
        do {
            switch request {
            case .status: return .status(watcherStatus(started, maximumBytes))
            case .synchronise(let annotations):
                let point = try await synchronise(annotations)
                return .durable(
                    sequence: point.sequence.rawValue,
                    time: point.time.nanoseconds,
                    incomplete: point.incomplete,
                    unseen: point.unseen,
                    exclusions: exclusions
                )
            case .forget(let rules):
                let outcome = try await prune { [root] in try RetentionPlan(root, rules).kept }
                return .forgotten(removedSnapshots: outcome.removedSnapshots, freedBytes: outcome.freedBytes)
            case .watcher, .messages, .reload:
                return .failed(reason: "this is the socket of a root: ask the watcher's own")
            }
        } catch is CancellationError {
            return .failed(reason: "the watcher is stopping")
        } catch {
            return .failed(reason: "\(error)")
        }
    }

    private func watcherStatus(_ started: Instant, _ maximumBytes: UInt64?) -> WatcherStatus {
        let status = status
        let leftOut = status.allLeftOut
        let hindrances = status.hindrances.values.map(\.reason).sorted()
        let backlog = backlog
        return WatcherStatus(
            pid: CurrentProcess.identifier,
            isReady: status.isReady,
            started: started.nanoseconds,
            trouble: status.trouble ?? hindrances.first
                ?? leftOut.first(where: \.isTrouble)?.text,
            lagMilliseconds: Double(status.lag.nanoseconds) / 1_000_000,
            counters: status.counters,
            queue: .init(steps: backlog.steps, bytes: backlog.byteCount),
            exclusions: exclusions,
            leftOut: leftOut.map { .init(reason: $0.text, count: $0.count, examples: $0.examples) },
            hindered: .init(
                count: hindrances.count,
                reasons: Array(hindrances.prefix(WatcherStatus.Hindered.maximumReasons))
            ),
            underWay: status.scans.values.map {
                .init(
                    path: $0.path.printable,
                    what: $0.purpose.rawValue,
                    bytes: $0.bytes,
                    totalBytes: $0.totalBytes
                )
            }.sorted { $0.path < $1.path },
            sharesDisk: status.sharesDisk,
            maximumBytes: maximumBytes
        )
    }
}
