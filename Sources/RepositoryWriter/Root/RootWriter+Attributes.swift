package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// The attributes of files and directories in the stream.
package struct KnownAttributes: Sendable {
    private(set) var files: [FileID: FileAttributes] = [:]
    /// The existing directories.
    package private(set) var directories: [FilePath: FileAttributes] = [:]

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

    /// The file was deleted; its next attributes count as new.
    mutating func forget(_ file: FileID) {
        files[file] = nil
    }
}

/// Staging attributes: a record is written only when it differs from the last one of the same name.
extension RootWriter {
    /// Stages a file's attributes. `isWithContent`: they were read together with the file's last staged
    /// content, and apply to that snapshot. Otherwise they apply from the root's last snapshot on. Throws
    /// `RepositoryError.noSuchFile`.
    package func stageAttributes(
        _ attributes: FileAttributes,
        of file: FileID,
        isWithContent: Bool,
        time: Instant
    ) throws(RepositoryError) {
        guard let known = files[file] else { throw .noSuchFile(file) }
        var from = (sequence: lastSequence, time: staged.noting(time))
        if isWithContent, let last = known.last, last.sequence > heardOf[file] ?? openedAt {
            from = (last.sequence, last.time)
            heardOf[file] = last.sequence
        }
        stage(AttributesRecord(.file(file), attributes, from: from.sequence, time: from.time))
    }

    /// Stages the attributes of an existing directory; nil: it was removed, as of the next snapshot.
    package func stageDirectory(_ name: FilePath, _ attributes: FileAttributes?, time: Instant) {
        let sequence = attributes == nil ? lastSequence.next : lastSequence
        stage(AttributesRecord(.directory(name), attributes, from: sequence, time: staged.noting(time)))
    }

    private func stage(_ record: AttributesRecord) {
        guard attributes.add(record) else { return }
        staged.append(.attributes(record), time: record.time)
    }
}
