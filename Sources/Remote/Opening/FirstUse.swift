import LinuxSystem
import RepositoryFormat

/// Makes a remote of an empty place. It may be killed at any request, and done again.
///
/// `remote.json` of another writer is not overwritten: two may come at the same time. Where the store cannot
/// refuse a name that is taken, the file that is there after a while counts, if and only if each writer
/// 1. looks for one right before it writes, which takes less than `settling`,
/// 2. waits so long after it has written, and reads what is there.
struct FirstUse {
    /// Longer than a request takes.
    static let settling = Duration.seconds(3)
    private static let mostConflicts = 5

    let store: any RemoteStore
    let sleep: @Sendable (Duration) async throws -> Void

    /// Returns what the remote has now, which may be of another writer.
    func run(_ repository: RepositoryID, isEncrypted: Bool) async throws(RemoteError) -> RemoteFile {
        let page = try await store.list(ObjectNames.roots(), after: nil)
        guard page.objects.isEmpty else {
            throw RemoteError(
                .damaged,
                "\(ObjectNames.remote) is missing, but there are objects: put the file back, or use another remote"
            )
        }
        let hasConditions = try await hasConditions()
        let file = RemoteFile(
            repository: repository,
            created: .now,
            hasConditions: hasConditions,
            isEncrypted: isEncrypted
        )
        let content = try file.encoded()
        if hasConditions {
            if try await store.putNew(ObjectNames.remote, content).isStored { return file }
        } else {
            if let other = try await RemoteFile.read(in: store) { return other }
            try await store.put(ObjectNames.remote, content)
            do {
                try await sleep(Self.settling)
            } catch {
                throw RemoteError(.unavailable, "interrupted while \(ObjectNames.remote) was written")
            }
        }
        guard let found = try await RemoteFile.read(in: store) else {
            throw RemoteError(.unavailable, "\(ObjectNames.remote) was written, but is not there yet")
        }
        return found
    }

    /// Tries whether the store refuses a name that is taken. Some ignore the condition.
    private func hasConditions() async throws(RemoteError) -> Bool {
        let name = ObjectName(ObjectNames.probes + UInt64.random(in: 1 ... .max).hexadecimal)!
        do throws(RemoteError) {
            // `.taken` at once: the answer to an earlier attempt was lost.
            let isRefused = try await putNew(name, [1]) == .taken
            let outcome = isRefused ? .taken : try await putNew(name, [2])
            // What may not be deleted stays, and harms nobody.
            _ = try? await store.delete(name)
            return outcome == .taken
        } catch {
            guard error.kind == .noConditions else { throw error }
            return false
        }
    }

    /// The name is this writer's own: a conflict is one with its own attempt whose answer was lost.
    private func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        var conflicts = 0
        while true {
            do throws(RemoteError) {
                return try await store.putNew(name, content)
            } catch {
                conflicts += 1
                guard error.kind == .conflict, conflicts < Self.mostConflicts else { throw error }
                let failure = error
                do {
                    try await sleep(.seconds(1))
                } catch {
                    throw failure
                }
            }
        }
    }
}
