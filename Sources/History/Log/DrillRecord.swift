package import LinuxSystem
package import RepositoryFormat

/// The evidence of a restore drill: what was restored, the check of it, and the duration. In the history it
/// is an annotation.
package struct DrillRecord: Sendable {
    package let time: Instant
    /// The snapshot that was restored.
    package let sequence: SequenceNumber
    package let files: Int
    package let databases: Int
    package let bytes: UInt64
    /// From the start of reading the history to the last check.
    package let elapsed: Duration
    /// Why it failed; nil if it did not.
    package let problem: String?
    /// Why not all could be checked; nil if it was.
    package let unchecked: String?

    package init(
        time: Instant,
        sequence: SequenceNumber,
        files: Int,
        databases: Int,
        bytes: UInt64,
        elapsed: Duration,
        problem: String?,
        unchecked: String?
    ) {
        self.time = time
        self.sequence = sequence
        self.files = files
        self.databases = databases
        self.bytes = bytes
        self.elapsed = elapsed
        self.problem = problem
        self.unchecked = unchecked
    }

    /// Nil unless the annotation is that of a drill, and complete.
    package init?(_ annotation: Annotation) {
        let fields = annotation.fields
        guard annotation.kind == .drill, let sequence = fields["sequence"].flatMap(UInt64.init),
            let files = fields["files"].flatMap(Int.init),
            let databases = fields["databases"].flatMap(Int.init),
            let bytes = fields["bytes"].flatMap(UInt64.init),
            let elapsed = fields["elapsed_ms"].flatMap(Int64.init)
        else { return nil }
        self.init(
            time: annotation.time,
            sequence: SequenceNumber(sequence),
            files: files,
            databases: databases,
            bytes: bytes,
            elapsed: .milliseconds(elapsed),
            problem: fields["problem"],
            unchecked: fields["unchecked"]
        )
    }

    /// It is about no snapshot, so that the evidence is kept longer than the snapshot.
    package var request: AnnotationRequest {
        var fields = [
            "sequence": sequence.description,
            "files": String(files),
            "databases": String(databases),
            "bytes": String(bytes),
            "elapsed_ms": String(elapsed.nanoseconds / 1_000_000),
        ]
        fields["problem"] = problem
        fields["unchecked"] = unchecked
        return AnnotationRequest(.drill, target: SequenceNumber.none, fields: fields)
    }
}
