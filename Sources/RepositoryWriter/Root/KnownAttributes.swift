package import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// The attributes of files and directories in the stream.
package struct KnownAttributes: Sendable {
    private(set) var files: [FileID: FileAttributes] = [:]
    /// The existing directories.
    package private(set) var directories: [FilePath: FileAttributes] = [:]
    /// The snapshot of each file with which its attributes were last staged.
    private(set) var heardOf: [FileID: SequenceNumber] = [:]
    /// The last snapshot when the writer was made.
    private var openedAt = SequenceNumber.none

    /// Everything known so far is in the stream up to that snapshot.
    mutating func begin(after last: SequenceNumber) { openedAt = last }

    /// Takes the attributes of a record. Returns whether they are new.
    @discardableResult
    mutating func add(_ record: AttributesRecord) -> Bool {
        switch record.subject {
        case .file(let file):
            return files.updateValue(record.attributes!, forKey: file) != record.attributes
        case .directory(let name):
            let before = directories[name]
            directories[name] = record.attributes
            return before != record.attributes
        }
    }

    /// Whether attributes that were read together with the file's last snapshot apply to that snapshot. They
    /// do once, if this writer has staged it.
    mutating func applies(to last: SequenceNumber, of file: FileID) -> Bool {
        guard last > heardOf[file] ?? openedAt else { return false }
        heardOf[file] = last
        return true
    }

    /// The file was deleted; its next attributes count as new.
    mutating func forget(_ file: FileID) {
        files[file] = nil
        heardOf[file] = nil
    }
}
