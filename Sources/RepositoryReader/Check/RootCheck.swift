package import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// Searches everything stored of a root for damage. Works beside a writer.
package struct RootCheck: Sendable {
    let root: RootDescription
    private let progress: WorkProgress?

    package init(_ root: RootDescription, progress: WorkProgress? = nil) {
        self.root = root
        self.progress = progress
    }

    /// The most findings that are remembered.
    private static let mostKnown = 10_000

    package struct Summary: Hashable, Sendable {
        package var errors = 0
        /// The number of errors that are not damage: something is missing, as in a copy that was made beside
        /// a writer.
        package var incompletenesses = 0
        package var warnings = 0
        package var snapshots: UInt64 = 0
        /// The bytes read from segments and bases.
        package var bytesRead: UInt64 = 0
    }

    /// Reads every record, every link between segments and every base that a snapshot needs. With
    /// `readingData`, also rebuilds every snapshot of every file and compares its digest. The images then
    /// temporarily need as much space as the largest ones, in `scratch` (by default the root's own
    /// directory).
    ///
    /// Findings are reported as they are found. An unfinished write at the very end is reported only when no
    /// writer has the root: beside a writer it is the flush in progress. Throws what `report` throws,
    /// `RepositoryError.unsupported`, or `SystemError`.
    package func run(
        readingData: Bool,
        scratch: FilePath? = nil,
        _ report: (Finding) throws -> Void
    ) throws -> Summary {
        var summary = Summary()
        // A base is checked by itself, and again when images are rebuilt from it. A finding of both counts
        // once.
        var known: Set<Finding> = []
        func count(_ finding: Finding) throws {
            guard !known.contains(finding) else { return }
            if known.count < Self.mostKnown { known.insert(finding) }
            switch finding.severity {
            case .error:
                summary.errors += 1
                if finding.isIncompleteness { summary.incompletenesses += 1 }
            case .warning: summary.warnings += 1
            }
            try report(finding)
        }
        try reportNoFiles(count)
        if let message = try root.contradictionOfCopy() {
            try count(Finding(.error, root.descriptionCopyPath, at: 0, message))
        }
        let history = try ReplacedSegmentError.retrying(reporting: count) {
            try HistoryCheck(root, progress: progress, $0)
        }
        summary.snapshots = history.snapshots
        summary.bytesRead = history.bytesRead
        progress?.begin(
            "reading base images",
            totalBytes: history.bases.reduce(0) { $0.addingSaturated($1.reference.shape.byteCount) }
        )
        for base in history.bases {
            summary.bytesRead.addSaturated(try check(base, opening: readingData, count))
        }
        let named = Set(history.bases.map(\.path))
        for path in try root.namesOfNoBases() where !named.contains(path) {
            try count(Finding(.error, path, at: 0, "it has the name of a base and is no regular file"))
        }
        try reportUnfinishedTail(history.end, count)
        try reportQuarantined(count)
        if readingData {
            var data = DataCheck(root: root, scratch: scratch ?? root.directory)
            data.progress = progress
            // Where records are missing and none is damaged, wrong images are a consequence.
            let isIncomplete = summary.errors > 0 && summary.errors == summary.incompletenesses
            let bytes = try data.run(history.largestImages) { finding in
                try count(isIncomplete ? finding.asIncompleteness : finding)
            }
            summary.bytesRead.addSaturated(bytes)
        }
        return summary
    }

    private func check(
        _ base: HistoryCheck.Base,
        opening: Bool,
        _ report: (Finding) throws -> Void
    ) throws -> UInt64 {
        do {
            var reader = try BaseReader(
                base.path,
                in: root.baseFiles,
                root: root.id,
                file: base.file,
                reference: base.reference
            )
            try reader.forEachChunk(opening: opening, progress: progress) { _, _ in }
            return reader.fileBytes
        } catch let damage as DamageError {
            if try root.baseFiles.replaceDamaged(base.path) {
                return try check(base, opening: opening, report)
            }
            // Retention may have removed it meanwhile.
            let isThere = try FileStatus.unlessMissing(base.path, followingLinks: false) != nil
            guard try isThere || isNamed(base) else { return 0 }
            try report(Finding(damage))
            return 0
        }
    }

    private func isNamed(_ base: HistoryCheck.Base) throws -> Bool {
        try ReplacedSegmentError.retrying {
            try HistoryCheck(root) { _ in }.bases.contains { $0.path == base.path }
        }
    }

    /// Reports a name that a writer needs for a file, if something else has it.
    private func reportNoFiles(_ report: (Finding) throws -> Void) throws {
        do {
            _ = try StoredFile.open(root.lockPath)
        } catch let damage as DamageError {
            try report(Finding(damage))
        } catch is SystemError {
            // It is not needed for reading, and a process that may not open it is not a writer.
        }
    }

    private func reportUnfinishedTail(_ end: StreamEnd?, _ report: (Finding) throws -> Void) throws {
        guard let end, end.tail == .unfinished, !root.hasWriter,
            try StoredFile.sizeBytes(end.path) == end.fileBytes
        else { return }
        let message = "the last \(end.fileBytes - end.validBytes) bytes are an unfinished or damaged write"
        try report(Finding(.warning, end.path, at: end.validBytes, message))
    }

    /// Reports quarantined segments: originals that were kept when their valid front replaced them.
    private func reportQuarantined(_ report: (Finding) throws -> Void) throws {
        for name in try Directory.names(in: root.segmentsDirectory).sorted(by: { $0.string < $1.string }) {
            let path = root.segmentsDirectory.appending(name)
            guard let ending = name.extension else { continue }
            if ending.hasPrefix("torn") {
                try report(Finding(.warning, path, at: 0, "an unfinished write was set aside here"))
            } else if ending.hasPrefix("damaged") {
                try report(Finding(.error, path, at: 0, "a damaged segment was set aside here"))
            }
        }
    }
}
