import CBuild
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage
import Zstandard

/// `support-bundle`: what was written.
struct SupportBundleLine: JSONLine {
    let output: String
    let redacted: Bool
    let bytes: Int
    let files: [String]
    let incomplete: [String]
}

/// `support-bundle`: `versions.json`.
struct SupportVersionsLine: JSONLine {
    let time: Instant
    let holdfast: String
    let commit: String?
    let repositoryFormat: Int
    let segmentFormat: Int
    let baseFormat: Int
    let sqlite: String
    let zstd: String
    let kernel: String?
    let distribution: String?
    let host: String?
    let processors: Int
    let memoryBytes: UInt64?
    let user: UInt32
}

extension SupportVersionsLine {
    static var current: SupportVersionsLine {
        let commit = unsafe String(cString: holdfast_commit())
        let machine = Machine.current
        return SupportVersionsLine(
            time: .now,
            holdfast: ProgramVersion.number,
            commit: commit.isEmpty ? nil : commit,
            repositoryFormat: Int(RepositoryFile.version),
            segmentFormat: Int(SegmentHeader.versions.upperBound),
            baseFormat: Int(BaseHeader.version),
            sqlite: SQLiteLibrary.version,
            zstd: ZstandardLibrary.version,
            kernel: machine.kernel,
            distribution: machine.distribution,
            host: machine.hostName,
            processors: WorkerThread.processors.count,
            memoryBytes: machine.memoryBytes,
            user: CurrentProcess.userID
        )
    }
}

/// `support-bundle`: `limits.json`.
struct SupportLimitsLine: JSONLine {
    let inotifyWatches: UInt64?
    let inotifyInstances: UInt64?
    let inotifyQueuedEvents: UInt64?
    let openFiles: UInt64?
    let openFileLimit: Int
}

extension SupportLimitsLine {
    static var current: SupportLimitsLine {
        let machine = Machine.current
        return SupportLimitsLine(
            inotifyWatches: machine.inotifyWatches,
            inotifyInstances: machine.inotifyInstances,
            inotifyQueuedEvents: machine.inotifyQueuedEvents,
            openFiles: machine.openFiles,
            openFileLimit: CurrentProcess.openFileLimit
        )
    }
}

/// `support-bundle`: a line of `watchers.json`.
struct SupportWatcherLine: JSONLine {
    let pid: Int32
    let answers: Bool
    let started: Instant?
    let configuration: String?
    let command: [String]
    let roots: [Root]?
    let threads: UInt64?
    let residentBytes: UInt64?
    let openFiles: UInt64?
    let openFileLimit: UInt64?
    let inotifyWatches: UInt64?

    struct Root: Encodable {
        let root: String
        let state: String
        let reason: String?
    }
}

extension SupportWatcherLine {
    /// - Parameter word: what is said of a word of its command line.
    init(_ watcher: RunningWatcher, word: (String) -> String) {
        let facts = ProcessFacts(watcher.pid)
        pid = watcher.pid
        answers = watcher.description != nil
        started = watcher.description.map { Instant(nanoseconds: $0.started) }
        configuration = watcher.description?.configuration
        command = facts.arguments.enumerated().map { number, argument in
            number == 0 ? FilePath(argument).lastComponent.map { word($0.string) } ?? "" : word(argument)
        }
        roots = watcher.description?.roots.map { root in
            Root(root: root.path, state: root.state.rawValue, reason: root.reason)
        }
        threads = facts.threads
        residentBytes = facts.residentBytes
        openFiles = facts.openFiles
        openFileLimit = facts.openFileLimit
        inotifyWatches = facts.inotifyWatches
    }
}

/// `support-bundle`: a line of `filesystems.json`.
struct SupportFileSystemLine: JSONLine {
    let path: String
    let type: String?
    let options: String?
    let totalBytes: UInt64
    let freeBytes: UInt64
    let totalInodes: UInt64
    let freeInodes: UInt64
}

extension SupportFileSystemLine {
    init(_ path: FilePath, _ facts: FileSystemFacts) {
        self.path = path.string
        type = facts.type
        options = facts.options
        totalBytes = facts.space.totalBytes
        freeBytes = facts.space.freeBytes
        totalInodes = facts.space.totalInodes
        freeInodes = facts.space.freeInodes
    }
}

/// `support-bundle`: a line of `files.json`.
struct SupportStoredFileLine: JSONLine {
    let file: String
    let bytes: UInt64
    let diskBytes: UInt64
    let mode: String
    let user: UInt32
}
