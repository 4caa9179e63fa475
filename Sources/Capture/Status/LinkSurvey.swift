import LinuxSystem
import SQLiteFiles
import Synchronization
import SystemPackage

/// Finds out which links lead to databases outside of the root, so that they can be named. Where a link leads
/// may be a file system that never answers: so this has a thread of its own, and nobody waits for it.
final class LinkSurvey: Sendable {
    private struct State {
        var links: [(link: FilePath, root: FilePath)] = []
        var isRunning = false
    }

    private let state = Mutex(State())
    private let meter: StatusMeter
    /// A directory with more names is looked into no further.
    private static let maximumNames = 100

    init(_ meter: StatusMeter) {
        self.meter = meter
    }

    /// Has the link looked at later.
    func add(_ link: FilePath, in root: FilePath) {
        let mustStart = state.withLock { state in
            state.links.append((link, root))
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mustStart else { return }
        do {
            try WorkerThread.start("links", urgency: .low) { [self] in run() }
        } catch {
            state.withLock { $0.isRunning = false }
        }
    }

    private func run() {
        while let (link, root) = next() {
            let target = try? Directory.resolve(link)
            let isOutside = target.map { !$0.starts(with: root) } ?? false
            meter.linkLeads(link, toDatabase: isOutside ? target.flatMap(Self.database) : nil)
        }
    }

    private func next() -> (link: FilePath, root: FilePath)? {
        let next = state.withLock { state in
            let next = state.links.popLast()
            state.isRunning = next != nil
            return next
        }
        if next == nil { meter.tellOfLeftOut() }
        return next
    }

    /// The target if it is a database, or the first database in it. Of a file only its first 16 bytes are
    /// read.
    private static func database(_ target: FilePath) -> FilePath? {
        switch FileStatus.directIfPresent(target)?.kind {
        case .regular: return isDatabase(target) ? target : nil
        case .directory:
            let names = (try? OpenDirectory(target).names()) ?? []
            guard names.count <= maximumNames else { return nil }
            return names.map(target.appending).filter {
                FileStatus.directIfPresent($0)?.kind == .regular && isDatabase($0)
            }.min { $0.string < $1.string }
        default: return nil
        }
    }

    private static func isDatabase(_ path: FilePath) -> Bool {
        var front = [UInt8](repeating: 0, count: DatabaseHeader.magic.count)
        guard let file = try? OpenFile(path, .look),
            (try? file.read(into: &front, count: front.count, at: 0)) == front.count
        else { return false }
        return front == Array(DatabaseHeader.magic)
    }
}
