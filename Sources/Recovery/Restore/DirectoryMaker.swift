import History
import LinuxSystem
import SystemPackage

/// Makes the directories that are missing where something is restored. Those that the history knows are made
/// with mode 0700, and get what they had once all that is in them is there, the deepest first. Others are
/// made as the owner of the directory above would make them.
final class DirectoryMaker {
    private let known: [FilePath: FormerDirectory]
    private var made: [FilePath: FileIdentity] = [:]

    /// - Parameter known: by their names relative to the directory below which things are restored.
    init(_ known: [FilePath: FormerDirectory] = [:]) { self.known = known }

    func make(_ entry: DirectoryEntry, _ name: FilePath) throws {
        guard let former = known[name] else {
            try Destination.makeDirectory(entry)
            return
        }
        // A watcher of another user, its owner perhaps, has to find what comes there.
        let ownership = former.attributes.ownership.with(permissions: 0o700)
        made[name] = try Destination.makeDirectory(entry, as: ownership)
    }

    /// Makes all that were there, empty ones too. Calls `onFailure` for each that could not be made. `files`:
    /// what is restored, by names as of the directories; of a directory that has some of it they say
    /// themselves what is wrong. A rehearsal makes nothing.
    func makeAll(
        below top: OpenDirectory,
        for files: [FilePath],
        isRehearsal: Bool = false,
        onFailure: (FilePath, any Error) throws -> Void
    ) throws {
        let names = known.filter { $0.value.isThere && !$0.key.isEmpty }.keys
        for name in names.sorted(by: { $0.components.count < $1.components.count }) {
            do {
                _ = try Destination.directory(name, below: top, making: isRehearsal ? nil : self)
            } catch {
                if !files.contains(where: { $0.starts(with: name) }) { try onFailure(name, error) }
            }
        }
    }

    /// Gives those that were made what they had. Calls `onShortfall` for each thing that could not be given.
    func finish(below top: OpenDirectory, onShortfall: (AttributesShortfall) -> Void) throws {
        for name in made.keys.sorted(by: { $0.components.count > $1.components.count }) {
            let directory =
                name.isEmpty ? top : try Destination.directory(name, below: top, making: nil) ?? top
            try give(name, to: directory, onShortfall)
        }
        made = [:]
    }

    /// The top was made by somebody else, and is given what it had.
    func finishTop(_ top: OpenDirectory, onShortfall: (AttributesShortfall) -> Void) throws {
        made[""] = try top.status().identity
        try finish(below: top, onShortfall: onShortfall)
    }

    private func give(
        _ name: FilePath,
        to directory: OpenDirectory,
        _ onShortfall: (AttributesShortfall) -> Void
    ) throws {
        // Somebody may have put another one in its place.
        guard let former = known[name], try directory.status().identity == made[name] else { return }
        let opened = try directory.opened()
        for shortfall in opened.setAttributes(former.attributes, as: directory.path) {
            onShortfall(shortfall)
        }
        try directory.synchronise()
    }
}
