import FoundationEssentials
import LinuxSystem
import RepositoryFormat
import SystemPackage

/// The file of one watcher's alerts in a repository. While the watcher runs, it has a write lock on one byte
/// of a further file: the number in the file's name.
struct AlertBoardFile: Hashable, Sendable {
    private let repository: FilePath
    private let number: UInt64

    private static let prefix = "alerts-"
    private static let suffix = ".json"
    /// Thousands of alerts that fire, for several receivers.
    private static let maximumBytes = 256 << 20
    /// A watcher that has not run for so long does not run again.
    private static let lifetime = Duration.seconds(30 * 86_400)
    /// A running one writes the file at least so often.
    private static let refreshTime = Duration.seconds(86_400)

    /// - Parameters:
    ///   - identity: what tells the watcher from others.
    ///   - turn: 0, or more where watchers with the same identity have the files before it.
    init(in repository: FilePath, of identity: [UInt8], turn: UInt64 = 0) {
        self.repository = repository
        number = unsafe XXH64.hash(identity.span.bytes, seed: turn)
    }

    private init?(in repository: FilePath, name: String) {
        guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix),
            let number = UInt64(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count), radix: 16)
        else { return nil }
        (self.repository, self.number) = (repository, number)
    }

    /// Those of all watchers of the repository, also of former ones.
    static func all(in repository: FilePath) -> [AlertBoardFile] {
        let names = (try? Directory.names(in: repository)) ?? []
        return names.compactMap { Self(in: repository, name: $0.string) }
    }

    private var path: FilePath {
        repository.appending(Self.prefix + number.padded(to: 16, radix: 16) + Self.suffix)
    }

    /// Nil if there is none, or it cannot be read.
    func read() -> AlertBoard? {
        let bytes = try? OpenFile(path, .stored).content(upTo: Self.maximumBytes)
        return bytes.flatMap { try? ControlCoding.decode(AlertBoard.self, $0) }
    }

    /// An empty one takes no file.
    func write(_ board: AlertBoard) throws {
        guard board != AlertBoard() else {
            if FileStatus.ifPresent(path) != nil { try Directory.remove(path) }
            return
        }
        try Directory.replaceFile(at: path, with: ControlCoding.encode(board))
    }

    func remove() { try? Directory.remove(path) }

    /// Whether its watcher has not run for so long that it does not run again.
    var isOutdated: Bool { age.map { $0 >= Self.lifetime } ?? false }

    /// Whether it has to be written though nothing has changed, so that it is not outdated.
    var isDueAgain: Bool { age.map { $0 >= Self.refreshTime } ?? false }

    private var age: Duration? {
        FileStatus.ifPresent(path).map { Instant(nanoseconds: $0.modified).age }
    }

    // MARK: Whose it is

    /// In a file, at most 62 bits.
    private var byte: UInt64 { number >> 2 }

    private var lockPath: FilePath { repository.appending("alerts.lock") }

    /// Whether a running watcher has it, or that is not known.
    var isHeld: Bool {
        guard FileStatus.ifPresent(lockPath) != nil else { return false }
        guard let file = try? OpenFile(lockPath, .read) else { return true }
        return (try? file.isWriteLocked(in: byte..<byte + 1)) ?? true
    }

    /// Has it for this process, as long as the value that it returns exists; nil if another watcher has it.
    /// Throws where there are no such locks.
    func hold() throws -> OpenFile? {
        let file = try OpenFile(lockPath, .updateOrCreate)
        guard try file.takeWriteLock(ofByte: byte) else { return nil }
        return consume file
    }
}
