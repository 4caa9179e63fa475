import LinuxSystem
import SQLiteFiles
import Synchronization
import SystemPackage

/// Finds out which links lead to databases outside of their root, so that they can be named. Where a link
/// leads may be a file system that never answers: so this has a thread of its own, and nobody waits for it.
final class LinkSurvey: Sendable {
    private struct Link {
        let path: FilePath
        let root: FilePath
        let meter: StatusMeter
    }

    private struct State {
        var links: [Link] = []
        var isRunning = false
    }

    private let state = Mutex(State())
    /// A directory with more names is not examined.
    private static let maximumNames = 100

    /// Has the link examined later, and the result noted in the meter.
    func add(_ path: FilePath, in root: FilePath, _ meter: StatusMeter) {
        let mustStart = state.withLock { state in
            state.links.append(Link(path: path, root: root, meter: meter))
            return !exchange(&state.isRunning, with: true)
        }
        guard mustStart else { return }
        do {
            try WorkerThread.start("links", urgency: .low) { [self] in run() }
        } catch {
            state.withLock { $0.isRunning = false }
        }
    }

    private func run() {
        while let link = next() {
            let target = (try? Directory.resolve(link.path)).flatMap { $0.starts(with: link.root) ? nil : $0 }
            link.meter.linkLeads(link.path, toDatabase: target.flatMap(Self.database))
            let isLast = state.withLock { state in !state.links.contains { $0.meter === link.meter } }
            if isLast { link.meter.reportLeftOut() }
        }
    }

    private func next() -> Link? {
        state.withLock { state in
            let next = state.links.popLast()
            state.isRunning = next != nil
            return next
        }
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
        guard let file = try? OpenFile(path, .protected),
            (try? file.read(into: &front, count: front.count, at: 0)) == front.count
        else { return false }
        return front == Array(DatabaseHeader.magic)
    }
}
