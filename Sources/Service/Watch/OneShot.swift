import Capture
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Captures once, for commands that need a fresh snapshot while no watcher runs.
enum OneShot {
    /// Takes the root's lock, catches up, says what is to be said, and gives the lock back.
    /// Throws `RepositoryError.locked` when a watcher has it.
    static func capture(
        _ root: RootDescription,
        _ annotations: [AnnotationRequest]
    ) async throws -> DurablePoint {
        var options = RootProtector.Options()
        options.isPatient = false
        // The root's directory is in `roots` of the repository.
        let repository = root.directory.removingLastComponent().removingLastComponent()
        let protector = try RootProtector(root: root, repository: repository, options: options)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await protector.run() }
            do {
                var point = try await protector.ready()
                if !annotations.isEmpty { point = try await protector.synchronise(annotations) }
                protector.stop(.done)
                try await group.waitForAll()
                return point
            } catch {
                protector.stop(.done)
                // What the protector says of it comes before what its end did to us.
                try await group.waitForAll()
                throw error
            }
        }
    }
}
