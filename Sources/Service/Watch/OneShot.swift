package import Capture
package import Repository

/// Captures once, for commands that need a fresh snapshot while no watcher runs.
package enum OneShot {
    /// Takes the root's lock, catches up, sets the tag if there is one, and gives the lock back.
    /// Throws `RepositoryError.locked` when a watcher has it.
    package static func capture(
        _ root: RootDescription,
        in repository: RepositoryDirectory,
        tag: (name: String, message: String)? = nil
    ) async throws -> DurablePoint {
        var options = RootProtector.Options()
        options.isPatient = false
        let protector = try RootProtector(root: root, repository: repository.path, options: options)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await protector.run() }
            do {
                var point = try await protector.ready()
                if let tag { point = try await protector.synchronise(tag: tag) }
                protector.stop()
                try await group.waitForAll()
                return point
            } catch {
                protector.stop()
                // What the protector says of it comes before what its end did to us.
                try await group.waitForAll()
                throw error
            }
        }
    }
}
