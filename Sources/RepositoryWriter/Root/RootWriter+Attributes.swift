package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

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
        if isWithContent, let last = known.last, self.attributes.applies(to: last.sequence, of: file) {
            from = (last.sequence, last.time)
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
