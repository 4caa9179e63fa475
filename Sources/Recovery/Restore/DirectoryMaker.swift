import History
import LinuxSystem
import SystemPackage

/// Makes the missing directories of a restore. Those in the history are made with mode 0700. They get their
/// attributes once everything in them is restored, the deepest first. Others are made as the owner of the
/// directory above would make them.
final class DirectoryMaker {
    private let known: [FilePath: FormerDirectory]
    private var made: [FilePath: FileIdentity] = [:]

    /// - Parameter known: by their names relative to the top directory of the restore.
    init(_ known: [FilePath: FormerDirectory] = [:]) { self.known = known }

    func make(_ entry: DirectoryEntry, _ name: FilePath) throws {
        guard let former = known[name] else {
            try Destination.makeDirectory(entry)
            return
        }
        // A watcher of another user, perhaps the owner, must find the restored files.
        let ownership = former.attributes.ownership.with(permissions: 0o700)
        made[name] = try Destination.makeDirectory(entry, as: ownership)
    }

    /// Makes all directories that existed, empty ones too. Calls `onFailure` for each that could not be made.
    /// `files`: the restored files, by names as of the directories. If one of them is in a directory, the
    /// file reports the failure itself. A dry run makes nothing.
    func makeAll(
        below top: OpenDirectory,
        for files: [FilePath],
        isDryRun: Bool = false,
        onFailure: (FilePath, any Error) throws -> Void
    ) throws {
        let names = known.filter { $0.value.isThere && !$0.key.isEmpty }.keys
        for name in names.sorted(by: { $0.components.count < $1.components.count }) {
            do {
                _ = try Destination.directory(name, below: top, making: isDryRun ? nil : self)
            } catch {
                if !files.contains(where: { $0.starts(with: name) }) { try onFailure(name, error) }
            }
        }
    }

    /// Restores the attributes of the directories that were made. Calls `onShortfall` for each that could not
    /// be restored.
    func finish(below top: OpenDirectory, onShortfall: (AttributesShortfall) -> Void) throws {
        for name in made.keys.sorted(by: { $0.components.count > $1.components.count }) {
            // Another process may have removed or replaced it.
            guard let former = known[name],
                let directory = try Destination.directory(name, below: top, making: nil),
                try directory.status().identity == made[name]
            else { continue }
            for shortfall in try directory.opened().setAttributes(former.attributes, as: directory.path) {
                onShortfall(shortfall)
            }
            try directory.synchronise()
        }
        made = [:]
    }

    /// The caller made the top directory; it gets its attributes here.
    func finishTop(_ top: OpenDirectory, onShortfall: (AttributesShortfall) -> Void) throws {
        made[""] = try top.status().identity
        try finish(below: top, onShortfall: onShortfall)
    }
}
