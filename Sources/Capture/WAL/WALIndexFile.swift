import LinuxSystem
import SQLiteFiles
import SystemPackage

/// The wal-index beside a log: the `-shm` file, kept open from when it appears or is first needed.
struct WALIndexFile {
    private let path: FilePath
    private let log: PinnedFile
    private var file: PinnedFile?
    /// Why it cannot be opened although it exists.
    private var obstacle: SystemError?

    init(_ path: FilePath, beside log: PinnedFile) {
        self.path = path
        self.log = log
    }

    var isHeld: Bool { file != nil }

    mutating func hold(_ appeared: PinnedFile) { file = appeared }

    private mutating func open() {
        guard file == nil else { return }
        obstacle = nil
        do {
            let found = try PinnedFile(path)
            // Beside a log without a name it would be another log's index.
            if log.isNamed { file = found }
        } catch {
            obstacle = error.isMissing || !log.isNamed ? nil : error
        }
    }

    /// Throws when there is a wal-index that cannot be opened: its commits would otherwise be taken as none.
    mutating func require() throws(SystemError) {
        open()
        if let obstacle { throw obstacle }
    }

    /// Whether a process uses the wal-index. An unused index has no information about the frames written
    /// since.
    var isUsed: Bool {
        mutating get {
            open()
            let switchByte = WALIndexLayout.deadMansSwitch
            guard let file else { return false }
            // If the file system cannot answer, a process may use it.
            return (try? file.file.isLocked(in: switchByte..<switchByte + 1)) ?? true
        }
    }

    /// The header; nil when there is no index or it is being written. Throws when it exists and cannot be
    /// read. It is read, never mapped: another process may truncate the file.
    mutating func read(_ scratch: inout [UInt8]) throws(SystemError) -> WALIndexHeader? {
        open()
        guard let file else { return nil }
        let got = try file.file.read(into: &scratch, count: WALIndexLayout.bytes, at: 0)
        guard got == WALIndexLayout.bytes else { return nil }
        return try? unsafe WALIndexHeader(scratch.span.bytes.extracting(0..<got))
    }
}
