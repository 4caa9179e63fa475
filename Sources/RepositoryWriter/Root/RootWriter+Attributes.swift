package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// The attributes that the stream says that files and directories have.
package struct KnownAttributes: Sendable {
    private(set) var files: [FileID: FileAttributes] = [:]
    /// Those that are there.
    package private(set) var directories: [FilePath: FileAttributes] = [:]

    /// Takes what a record says. Returns whether that is something new.
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

    /// The file is gone; what is said of it next counts as new.
    mutating func forget(_ file: FileID) {
        files[file] = nil
    }
}

/// Staging attributes: a record is written only when something differs from the last one of the same name.
extension RootWriter {
    /// Says what a file has besides its content. `isWithContent`: it was looked at together with what was
    /// staged of the file last; they count as of that snapshot. Otherwise they count as of the last snapshot
    /// of all. Throws `RepositoryError.noSuchFile`.
    package func stageAttributes(
        _ attributes: FileAttributes,
        of file: FileID,
        isWithContent: Bool,
        time: Instant
    ) throws(RepositoryError) {
        guard let known = files[file] else { throw .noSuchFile(file) }
        var from = (sequence: lastSequence, time: noting(time))
        if isWithContent, let last = known.last, last.sequence > heardOf[file] ?? openedAt {
            from = (last.sequence, last.time)
            heardOf[file] = last.sequence
        }
        stage(AttributesRecord(.file(file), attributes, from: from.sequence, time: from.time))
    }

    /// Says that a directory is there, and what it has; nil: it is gone, as of the next snapshot.
    package func stageDirectory(_ name: FilePath, _ attributes: FileAttributes?, time: Instant) {
        let sequence = attributes == nil ? lastSequence.next : lastSequence
        stage(AttributesRecord(.directory(name), attributes, from: sequence, time: noting(time)))
    }

    private func stage(_ record: AttributesRecord) {
        guard attributes.add(record) else { return }
        staged.append(StagedRecord(.attributes(record), time: record.time))
    }
}
