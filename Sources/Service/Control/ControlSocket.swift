import Capture
import LinuxFiles
import Recovery
import Repository
import SystemPackage

extension RootDescription {
    /// Where the root's watcher listens.
    var controlPath: FilePath { directory.appending("control.sock") }
}

/// Answers the requests of other commands for one root, on threads of its own.
final class ControlSocket: Sendable {
    private let root: RootDescription
    private let protector: RootProtector
    private let listener: Socket

    /// Starts to listen; whoever calls holds the root's lock or is about to.
    init(_ root: RootDescription, _ protector: RootProtector) throws(SystemError) {
        self.root = root
        self.protector = protector
        listener = try Socket.listen(at: root.controlPath)
    }

    /// Answers until `stop`.
    func run() async throws {
        try await Thread.run("control") { [self] in
            while true {
                do {
                    serve(try listener.accept())
                } catch let error as SystemError where error.isShortage {
                    // The one who asks waits for its turn.
                    Thread.nap(.milliseconds(100))
                } catch {
                    return
                }
            }
        }
    }

    func stop() {
        listener.shutDown()
        try? Directory.remove(root.controlPath)
    }

    /// Only the user who runs the watcher, and root, may ask.
    private func serve(_ connection: consuming Socket) {
        guard let user = try? connection.peerUserID(), user == CurrentProcess.userID || user == 0 else {
            return
        }
        let client = Client(connection)
        try? Thread.start("client") { [self] in
            client.connection.setReadTimeout(.seconds(5))
            guard let line = try? client.connection.readLine(limit: ControlRequest.longestLine) else {
                return
            }
            let reply = answer(line)
            if let bytes = try? ControlCoding.encode(reply) { try? client.connection.writeLine(bytes) }
        }
    }

    private func answer(_ line: [UInt8]) -> ControlAnswer {
        guard let request = try? ControlCoding.decode(ControlRequest.self, line) else {
            return .failed(reason: "the request was not understood")
        }
        switch request {
        case .status: return .status(status)
        case .synchronise(let annotations):
            return wait { .durable(try await $0.synchronise(annotations)) }
        case .forget(let rules):
            return wait { [root] protector in
                let outcome = try await protector.thin { try RetentionPlan(root, rules).kept }
                return .forgotten(
                    removedSnapshots: outcome.removedSnapshots,
                    freedBytes: outcome.freedBytes
                )
            }
        }
    }

    private func wait(
        _ work: @escaping @Sendable (RootProtector) async throws -> ControlAnswer
    ) -> ControlAnswer {
        do {
            return try Thread.block { [protector] in try await work(protector) }
        } catch is CancellationError {
            return .failed(reason: "the watcher is stopping")
        } catch {
            return .failed(reason: "\(error)")
        }
    }

    private var status: WatcherStatus {
        let status = protector.status
        return WatcherStatus(
            pid: CurrentProcess.identifier,
            isReady: status.isReady,
            trouble: status.trouble ?? status.hindrances.values.map(\.reason).min() ?? status.leftOut.values.min(),
            lagMilliseconds: Double(status.lag.nanoseconds) / 1_000_000,
            rescans: status.rescans,
            audits: status.audits,
            auditDifferences: status.auditDifferences,
            quarantines: status.quarantines,
            exclusions: protector.exclusions
        )
    }

    private final class Client: Sendable {
        let connection: Socket
        init(_ connection: consuming Socket) { self.connection = connection }
    }
}
