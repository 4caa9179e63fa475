import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// Rebuilds every snapshot of every file and compares each digest. One forward pass serves as many files as
/// fit. Then it rebuilds the newest snapshot of each file from the segments' summaries, as a restore does.
package struct DataCheck {
    /// Files whose largest images fit this together share a pass, in bytes.
    private static let passBytes: UInt64 = 1 << 30
    private static let passFiles = FilePool.defaultCapacity

    let root: RootDescription
    let scratch: FilePath
    /// Called for each snapshot with a matching digest, with the place of its record. If the changes of a
    /// record are lost, it is called for the first snapshots in it whose digests match without them.
    package var onProven: ((RecordPlace) -> Void)?
    /// Counts the bytes of segments in the passes over all snapshots.
    var progress: WorkProgress?

    package init(root: RootDescription, scratch: FilePath) {
        self.root = root
        self.scratch = scratch
    }

    /// Returns the bytes of segments that were read.
    package func run(_ images: [FileID: UInt64], _ report: (Finding) throws -> Void) throws -> UInt64 {
        let portions = Self.portions(images)
        if let progress {
            let bytes = try RootHistory(root).segmentBytes()
            progress.begin(
                "rebuilding all",
                totalBytes: bytes.multipliedSaturated(by: UInt64(portions.count))
            )
        }
        return try portions.reduce(0) { $0.addingSaturated(try check($1, report)) }
    }

    /// The files that share a pass.
    private static func portions(_ images: [FileID: UInt64]) -> [[FileID]] {
        var portions: [[FileID]] = []
        var portionBytes: UInt64 = 0
        for (id, size) in images.sorted(by: { $0.key < $1.key }) {
            portionBytes.addSaturated(size)
            if let last = portions.last, last.count < passFiles, portionBytes <= passBytes {
                portions[portions.count - 1].append(id)
            } else {
                portions.append([id])
                portionBytes = size
            }
        }
        return portions
    }

    private func check(_ ids: [FileID], _ report: (Finding) throws -> Void) throws -> UInt64 {
        let (wanted, last) = (Set(ids), SequenceNumber(.max))
        return try ReplacedSegmentError.retrying(reporting: report) { report in
            let all = try RebuildPlans(root, wanted: wanted, upTo: last, keepingEverything: true)
            var isIntact = true
            try check(ids, all, progress) { finding in
                isIntact = false
                try report(finding)
            }
            if isIntact {
                let newest = try RebuildPlans(root, wanted: wanted, upTo: last)
                if newest.hasDeltas { try check(ids, newest, nil, report) }
            }
            return try RootHistory(root).segmentBytes()
        }
    }

    private func check(
        _ ids: [FileID],
        _ plans: RebuildPlans,
        _ progress: WorkProgress?,
        _ report: (Finding) throws -> Void
    ) throws {
        let prefix = "check-\(UInt64.random(in: 0 ... .max).hexadecimal)-"
        try withoutActuallyEscaping(report) { report in
            let pass = try RebuildPass(root, plans) { id, entry, applier, place in
                guard applier.digest != entry.digest || applier.shape != entry.shape else {
                    onProven?(place)
                    return
                }
                let message = "a rebuilt image of file \(id) does not have the digest of its snapshot"
                try report(Finding(place.damage(message)))
            }
            pass.provesWithoutData = onProven != nil
            pass.streamProgress = progress
            for id in ids {
                // The file has no name, so nothing can be left over. The pass keeps all of them open.
                let output = scratch.appending("\(prefix)\(id)")
                let file = try SharedFile(output, .createNew)
                try Directory.remove(output)
                pass.add(id, plans.plans[id]!, output: output, open: file)
            }
            try pass.run { id, error in
                guard let damage = error as? DamageError else { throw error }
                try report(Finding(damage))
            }
            for id in ids where pass.rebuilds[id]!.failure == nil && plans.plans[id]!.snapshot != nil {
                do { _ = try pass.verify(id) } catch let damage as DamageError { try report(Finding(damage)) }
            }
        }
    }
}
