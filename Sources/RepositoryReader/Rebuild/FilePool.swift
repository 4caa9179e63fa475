package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// An open file that several owners share.
package final class SharedFile: Sendable {
    package let file: OpenFile

    package init(_ path: FilePath, _ mode: OpenFile.Mode) throws(SystemError) {
        file = try OpenFile(path, mode)
    }

    package init(_ file: consuming OpenFile) {
        self.file = file
    }

    /// A new file without a name, on the file system of a directory.
    convenience init(unnamedIn directory: FilePath) throws(SystemError) {
        let path = directory.appending("unnamed")
        try self.init(path, .createNew)
        try Directory.remove(path)
    }
}

/// Keeps the most recently used files open, so that 10,000 images do not need 10,000 descriptors.
package final class FilePool {
    /// A fraction of the descriptors that this process may have.
    static let defaultCapacity = min(64, max(4, CurrentProcess.openFileLimit / 8))

    private let capacity: Int
    private let mode: OpenFile.Mode
    private var open: [FileID: (file: SharedFile, lastUse: UInt64)] = [:]
    private var uses: UInt64 = 0

    package init(mode: OpenFile.Mode, capacity: Int = FilePool.defaultCapacity) {
        self.mode = mode
        self.capacity = capacity
    }

    /// The file of `id` if it is open.
    package func ifOpen(_ id: FileID) -> SharedFile? {
        guard let known = open[id] else { return nil }
        uses += 1
        open[id]!.lastUse = uses
        return known.file
    }

    /// The file of `id`, opened at `path` unless it is open already.
    package func file(_ id: FileID, at path: @autoclosure () -> FilePath) throws(SystemError) -> SharedFile {
        if let known = ifOpen(id) { return known }
        uses += 1
        makeRoom()
        let file = try SharedFile(path(), mode)
        open[id] = (file, uses)
        return file
    }

    private func makeRoom() {
        guard open.count >= capacity else { return }
        if let oldest = open.min(by: { $0.value.lastUse < $1.value.lastUse }) { open[oldest.key] = nil }
    }

    /// Adds a file that is open already.
    func adopt(_ id: FileID, _ file: SharedFile) {
        uses += 1
        makeRoom()
        open[id] = (file, uses)
    }

    /// Drops the file, so that the next use opens the file that then has the path.
    package func close(_ id: FileID) {
        open[id] = nil
    }
}
