import LinuxSystem
import Remote
import RepositoryReader
import SystemPackage

/// Work with a remote in a command: it is opened, and what passes by itself is tried again a few times.
struct RemoteSession {
    let settings: RemoteSettings
    let loop: EventLoop
    private let console: Console
    private let mostAttempts: Int?
    private let trouble: RemoteTrouble?

    /// Attempts of a command that a person waits for.
    private static let attempts = 6

    /// - Parameter trouble: is told of what is repeated. Then it is tried for ever.
    init(
        _ settings: RemoteSettings,
        on loop: EventLoop,
        _ console: Console,
        telling trouble: RemoteTrouble? = nil
    ) {
        (self.settings, self.loop, self.console, self.trouble) = (settings, loop, console, trouble)
        mostAttempts = trouble == nil ? Self.attempts : nil
    }

    private func opening() throws(RemoteError) -> RemoteOpening {
        let (loop, console, title, trouble) = (loop, console, settings.title, trouble)
        return try RemoteOpening(settings, mostAttempts: mostAttempts, recovered: { trouble?.ends() }) {
            pause,
            error in
            console.detail("\(title): \(error): once more in \(pause.components.seconds) s")
            trouble?.repeats(after: error)
            try await loop.sleep(for: pause)
        } sleep: {
            try await loop.sleep(for: $0)
        }
    }

    func openForWriting(
        _ repository: RepositoryDirectory,
        mayCreate: Bool = false
    ) async throws -> RemoteAccess {
        guard let id = RepositoryID(repository.id) else {
            throw Failure(.damaged, "\(repository.path.printable) has no id that a remote can have")
        }
        let host = Machine.current.hostName ?? "a host without a name"
        return try await naming { try await opening().openForWriting(id, host: host, mayCreate: mayCreate) }
    }

    func openForReading() async throws -> RemoteAccess {
        let (keyFile, console, title) = (settings.keyFile, console, settings.title)
        var access = try await naming {
            try await opening().openForReading { () throws(RemoteError) in try Self.passphrase(of: keyFile) }
        }
        access.warn = { console.warning("\(title): \($0)") }
        return access
    }

    /// Lets those for whom the settings seal read all that is there. `keyFile`: opens it.
    func rewrap(with keyFile: FilePath) async throws -> KeyObjects.Rewrapped {
        try await naming {
            try await opening().rewrap(with: keyFile) { () throws(RemoteError) in
                try Self.passphrase(of: keyFile)
            }
        }
    }

    private static func passphrase(of keyFile: FilePath?) throws(RemoteError) -> Passphrase {
        guard let file = CurrentProcess.environment("HOLDFAST_PASSPHRASE_FILE") else {
            let path = keyFile?.printable ?? "the key"
            throw RemoteError(
                .wrongKey,
                "\(path) has a passphrase: put it into a file of mode 0600, named by $HOLDFAST_PASSPHRASE_FILE"
            )
        }
        return try KeyFile.passphrase(in: FilePath(file))
    }

    /// With the remote's name before what went wrong.
    func naming<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as RemoteError {
            throw Failure(error, of: settings)
        }
    }
}
