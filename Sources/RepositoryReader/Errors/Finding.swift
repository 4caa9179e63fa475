package import RepositoryFormat
package import SystemPackage

/// A finding of a check.
package struct Finding: Hashable, Sendable {
    package enum Severity: String, Sendable { case error, warning }

    package let severity: Severity
    package let file: FilePath
    /// In bytes from the start of the file.
    package let offset: UInt64
    package let message: String
    /// An error that is not damage: nothing is wrong with the existing bytes, but some are missing. A copy
    /// that was made beside a writer can have it.
    package let isIncompleteness: Bool

    package init(
        _ severity: Severity,
        _ file: FilePath,
        at offset: UInt64,
        _ message: String,
        isIncompleteness: Bool = false
    ) {
        self.severity = severity
        self.file = file
        self.offset = offset
        self.message = message
        self.isIncompleteness = isIncompleteness
    }

    /// The segment that it is about, by its first sequence; nil when it is about another file.
    package var segment: SequenceNumber? { file.lastComponent.flatMap(SegmentName.parse) }

    /// The same as a consequence of missing records.
    var asIncompleteness: Finding {
        Finding(severity, file, at: offset, message, isIncompleteness: severity == .error)
    }
}
