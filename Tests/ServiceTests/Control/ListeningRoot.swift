import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport

@testable import Service

/// A root at whose control socket the test answers in the watcher's place.
final class ListeningRoot: Sendable {
    let root: RootDescription
    private let directory: TemporaryDirectory
    private let socket: Socket

    convenience init() throws {
        let directory = try TemporaryDirectory()
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(directory.file("r")))
        let root = try repository.addRoot(FilePath(directory.file("data")), kind: .directory)
        try self.init(root, in: directory)
    }

    /// Begins to listen for a root that is there already.
    init(_ root: RootDescription, in directory: TemporaryDirectory) throws {
        self.root = root
        self.directory = directory
        socket = try Socket.listen(at: root.controlPath)
    }

    /// Has a thread take the next connection.
    func answerOne(_ answer: @escaping @Sendable (borrowing Socket) -> Void) throws {
        try WorkerThread.start("server") { [self] in
            guard let connection = try? socket.accept() else { return }
            answer(connection)
        }
    }
}
