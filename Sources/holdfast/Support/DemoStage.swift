import LinuxSystem
import Synchronization
import SystemPackage

/// Where the demo plays: a temporary folder, from then on this process's working directory, and the programs
/// that run in it. Nothing of it is left after `clear`.
final class DemoStage: Sendable {
    /// Absolute, free of symbolic links.
    let folder: FilePath
    private let running = Mutex<[ChildProcess]>([])

    /// Chooses the folder; nothing is made yet.
    init() throws {
        // Else the directories above it would be made as well.
        let parent = try Directory.resolve(CurrentProcess.temporaryDirectory)
        folder = parent.appending("holdfast-demo-" + CurrentProcess.randomBytes(6).hexadecimal)
    }

    /// Makes the folder, empty.
    func set() throws {
        try running.withLock { _ in
            try Directory.make(folder)
            try Directory.enter(folder)
        }
    }

    /// Writes a new file in the folder, with the directories above it.
    func write(_ text: String, to name: FilePath) throws {
        let path = folder.pushing(name)
        try Directory.make(path.removingLastComponent())
        let file = try OpenFile(path, .createNew)
        let bytes = Array(text.utf8)
        try unsafe file.write(bytes.span.bytes, at: 0)
    }

    /// Starts this very program in the folder, with a repository in there.
    func start(_ arguments: [String]) throws -> ChildProcess {
        try running.withLock { running in
            let child = try ChildProcess(
                CurrentProcess.program,
                named: "holdfast",
                arguments,
                // The demo's watcher is not the service that a service manager may be waiting for.
                environment: ["HOLDFAST_REPO": folder.appending("repository").string, "NOTIFY_SOCKET": nil]
            )
            running.append(child)
            return child
        }
    }

    /// Ends what runs, removes the folder, then calls `body`. Nothing is started meanwhile.
    func clear<Result>(_ body: () -> Result) throws -> Result {
        try running.withLock { running in
            for child in running {
                child.tell(.die)
                child.wait()
            }
            running = []
            try removeFolder()
            return body()
        }
    }

    /// After a signal, the thread that plays may go on making files until the folder is gone.
    private func removeFolder() throws {
        for _ in 0..<1000 {
            if (try? Directory.removeTree(folder)) != nil { return }
        }
        try Directory.removeTree(folder)
    }
}
