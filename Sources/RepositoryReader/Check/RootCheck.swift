import LinuxSystem
package import SystemPackage

/// Looks for damage in all that is stored of a root. Works beside a writer.
package struct RootCheck: Sendable {
    let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// So many findings are remembered.
    private static let mostKnown = 10_000

    package struct Summary: Hashable, Sendable {
        package var errors = 0
        /// Those of the errors that are no damage: something is missing, as in a copy that was made beside a
        /// writer.
        package var incompletenesses = 0
        package var warnings = 0
        package var snapshots: UInt64 = 0
        /// From segments and bases, in bytes.
        package var bytesRead: UInt64 = 0
    }

    /// Reads every record, every link between segments and every base that a snapshot stands on. With
    /// `readingData`, also rebuilds every snapshot of every file and compares its digest; the images take as
    /// much room in `scratch` (the root's own directory by default) as the largest ones, for a while.
    ///
    /// Findings are reported as they are met. An unfinished write at the very end is reported only when no
    /// writer has the root: beside one it is the flush that goes on. Throws what `report` throws,
    /// `RepositoryError.unsupported`, or `SystemError`.
    package func run(
        readingData: Bool,
        scratch: FilePath? = nil,
        _ report: (Finding) throws -> Void
    ) throws -> Summary {
        var summary = Summary()
        // A base is looked at by itself, and again when images are made of it: what is found twice counts
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
        let walk = try ReplacedSegmentError.lookingAgain(reporting: count) { try HistoryCheck(root, $0) }
        summary.snapshots = walk.snapshots
        summary.bytesRead = walk.bytesRead
        for base in walk.bases {
            summary.bytesRead.addSaturated(try check(base, opening: readingData, count))
        }
        let named = Set(walk.bases.map(\.path))
        for path in try root.namesOfNoBases() where !named.contains(path) {
            try count(Finding(.error, path, at: 0, "it has the name of a base and is no regular file"))
        }
        try reportUnfinishedTail(walk.end, count)
        try reportSetAside(count)
        if readingData {
            let data = DataCheck(root: root, scratch: scratch ?? root.directory)
            // Where something is missing and nothing is damaged, images that come out wrong follow from that.
            let isIncomplete = summary.errors > 0 && summary.errors == summary.incompletenesses
            let bytes = try data.run(walk.largestImages) { finding in
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
            var reader = try BaseReader(base.path, root: root.id, file: base.file, reference: base.reference)
            try reader.forEachSlice(opening: opening) { _, _ in }
            return reader.fileBytes
        } catch let damage as DamageError {
            // Retention may have removed it meanwhile.
            let isThere = try FileStatus.unlessMissing(base.path, followingLinks: false) != nil
            guard try isThere || isNamed(base) else { return 0 }
            try report(Finding(damage))
            return 0
        }
    }

    private func isNamed(_ base: HistoryCheck.Base) throws -> Bool {
        try ReplacedSegmentError.lookingAgain {
            try HistoryCheck(root) { _ in }.bases.contains { $0.path == base.path }
        }
    }

    /// A name that a writer needs for a file, and that something else has.
    private func reportNoFiles(_ report: (Finding) throws -> Void) throws {
        do {
            _ = try StoredFile.open(root.lockPath)
        } catch let damage as DamageError {
            try report(Finding(damage))
        } catch is SystemError {
            // None is needed to read, and who may not open it is no writer.
        }
    }

    private func reportUnfinishedTail(_ end: StreamEnd?, _ report: (Finding) throws -> Void) throws {
        guard let end, end.tail == .unfinished, !root.hasWriter,
            try StoredFile.sizeBytes(end.path) == end.fileBytes
        else { return }
        let message = "the last \(end.fileBytes - end.validBytes) bytes are an unfinished or damaged write"
        try report(Finding(.warning, end.path, at: end.validBytes, message))
    }

    /// Segments that were kept when their valid front took their place.
    private func reportSetAside(_ report: (Finding) throws -> Void) throws {
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
