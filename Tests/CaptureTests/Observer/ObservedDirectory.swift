import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// The directory `data` as an observer has it. The test says when events are read and files processed. All
/// that is handed over counts as durable.
final class ObservedDirectory {
    let folder: TemporaryDirectory
    let meter = StatusMeter { _ in }
    var root: ObservedRoot
    private let queue = CaptureQueue()

    /// What was handed over of a file, by its name: the numbers that it got, and the snapshots.
    struct History {
        var numbers: [FileID] = []
        /// The first page of each, as text; nil: the file was gone.
        var contents: [String?] = []
        /// Why single commits may have been missed.
        var gaps: [String] = []
    }

    /// Runs once, when the work on a file next waits for the events to be read.
    var amidWork: (() throws -> Void)?
    private(set) var histories: [FilePath: History] = [:]
    /// Those that are there, by what was handed over of them.
    private(set) var directories: Set<FilePath>
    private var names: [FileID: FilePath] = [:]

    /// Lists the directory. `prepare` fills it before. `link`: the root is a link beside it, to it. `files`,
    /// `directories`: what the repository knows.
    init(
        link: String? = nil,
        exclusions: [String] = [],
        files: [ProtectedFile] = [],
        directories: Set<FilePath> = [],
        _ prepare: (TemporaryDirectory) throws -> Void = { _ in }
    ) throws {
        folder = try TemporaryDirectory()
        self.directories = directories
        for name in ["data", "mirror"] { try Directory.make(FilePath(folder.file(name))) }
        try prepare(folder)
        let places = try RootPlaces(at: folder.file(link ?? "data"), .directory, meter)
        let start = ObserverStart(
            root: places.root,
            scope: RootScope(exclusions: exclusions),
            repository: FilePath(folder.file("repository")),
            files: files,
            directories: directories,
            knownGoodUntil: .now,
            auditInterval: .seconds(86_400)
        )
        let context = CaptureContext(mirrors: FilePath(folder.file("mirror")), queue: queue, meter: meter)
        let watches = WatchTable(start.scope, try InotifyInstances(), queue.observerSignal)
        let observed = ObservedFiles(start, ObservedTree(start, places, watches, context), context)
        root = ObservedRoot(observed, knownGoodUntil: .now, RequestQueue(queue.observerSignal))
        for file in files { declare(file.id, file.name) }
        root.files.takeUp(files, knownGoodUntil: start.knownGoodUntil)
        try root.listRoot()
        root.list(until: nil)
        root.files.tree.firstListingIsOver()
    }

    /// The names of the files that have a tracker, sorted.
    var tracked: [String] { root.files.trackers.values.map(\.name.string).sorted() }

    /// Reads the events, finds what they tell of, and processes what is due. `later`: as if so much time had
    /// gone by.
    func observe(later: Duration = .zero) throws {
        try root.readEvents()
        root.makeUpForLoss()
        root.checkChangedDirectories()
        if root.isListing { root.list(until: nil) }
        let now = MonotonicInstant.now.advanced(by: later)
        root.files.queue.callThoseWaiting(now)
        // Once for themselves, and once when the recorder is done.
        for _ in 1...2 {
            while let tracker = root.files.queue.popFirst() { process(tracker, now) }
            record()
            root.files.queue.callThoseWaitingForRecorder()
        }
    }

    private func process(_ tracker: Tracker, _ now: MonotonicInstant) {
        guard root.files.isWithin(tracker) else { return root.files.queue.remove(tracker) }
        let kind = tracker.kind
        tracker.processFully(now) {
            #expect(throws: Never.self) {
                try amidWork.take()?()
                try root.readEvents()
            }
        }
        root.files.processed(tracker, was: kind)
        root.considerRapid(tracker)
    }

    private func declare(_ file: FileID, _ name: FilePath) {
        guard names.updateValue(name, forKey: file) == nil else { return }
        histories[name, default: History()].numbers.append(file)
    }

    /// Takes what was handed over.
    private func record() {
        var counts: [FileID: Int] = [:]
        var byteCount = 0
        for step in queue.takeAll() {
            byteCount += step.byteCount
            if let file = step.file { counts[file, default: 0] += 1 }
            switch step {
            case .declare(let file, let name, _): declare(file, name)
            case .changes(let changes):
                guard let name = names[changes.file] else { continue }
                let page = changes.pages.bytes.prefix(changes.shape.validBytes(of: PageNumber(1)))
                let text = changes.event == .deleted ? nil : String(decoding: page, as: UTF8.self)
                histories[name]?.contents.append(text)
            case .gapSuspected(let file, _, let reason):
                if let name = names[file] { histories[name]?.gaps.append(reason) }
            case .directory(let name, let attributes, _):
                if attributes == nil { directories.remove(name) } else { directories.insert(name) }
            default: break
            }
        }
        queue.settled(counts, byteCount: byteCount)
    }
}

extension TemporaryDirectory {
    /// Writes an entry.
    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }
}
