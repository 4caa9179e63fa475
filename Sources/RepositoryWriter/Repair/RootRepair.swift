package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Repairs a damaged root. Healthy records are kept, the rest is moved to `set-aside`, and nothing is
/// deleted.
///
/// 1. The kept records from the first damaged segment on are written to drafts.
/// 2. Every file to quarantine gets a second name there.
/// 3. The drafts take the names of their segments, newest first. So the first damage, after which nothing is
///    trusted without proof, remains visible until everything after it is right.
/// 4. The quarantined files lose their first names, the durable mark last, and a gap is recorded.
///
/// If a repair is interrupted at any point, the next one keeps the same records.
package struct RootRepair {
    let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Repairs, and returns what was done. The place of the quarantined files is nil when there was nothing
    /// to do. Throws `RepositoryError.locked` beside a writer, `.unsupported`, or `SystemError`.
    package func run(now: Instant = .now) throws -> (plan: RepairPlan, place: FilePath?) {
        // The lock is one of a regular file.
        let lockIsNone = try root.lockPath.isNoRegularFile()
        var begun: QuarantineDirectory?
        if lockIsNone {
            begun = try QuarantineDirectory(in: root.directory, now: now)
            try begun!.take(root.lockPath)
        }
        let lock = try root.takeWriterLock(forRepair: true)
        var plan = try RepairPlan(root)
        guard !plan.isEmpty else {
            if lockIsNone { plan.items = [RepairPlan.Item(path: root.lockPath, offset: 0)] }
            return (plan, begun?.path)
        }
        let place = try begun ?? QuarantineDirectory(in: root.directory, now: now)
        try replace(plan, place, now)
        if lockIsNone { plan.items.append(RepairPlan.Item(path: root.lockPath, offset: 0)) }
        // The writer restores the mirrors to the last kept snapshot and writes a correct mark as well.
        let writer = try RootWriter(root: root, holding: lock)
        let reason =
            "holdfast repair set aside damage and what followed it: see \(place.path.lastComponent!.string)"
        try writer.stageGap(Gap(from: plan.lastKeptTime ?? root.created, to: now, reason: reason))
        _ = try writer.flush()
        return (plan, place.path)
    }

    private func replace(_ plan: RepairPlan, _ place: QuarantineDirectory, _ now: Instant) throws {
        var named: Set<FilePath> = []
        if let scan = plan.scan, let cut = scan.cut {
            let segments = RepairSegments(root, cut, now: now)
            try segments.write(scan)
            do {
                try quarantine(plan, place)
                for first in segments.drafts.reversed() {
                    let path = root.segmentPath(first)
                    // A file cannot replace a directory, so that is moved first. It has no records.
                    if try path.isNoRegularFile() { try place.take(path) }
                    try Directory.rename(root.segmentDraftPath(first), to: path)
                    try Directory.synchronise(root.segmentsDirectory)
                    named.insert(path)
                }
            } catch {
                segments.removeDrafts()
                throw error
            }
        } else {
            try quarantine(plan, place)
        }
        for item in plan.items where !named.contains(item.path) {
            if try item.path.isNoRegularFile() {
                try place.take(item.path)
            } else {
                try Directory.remove(item.path)
                try Directory.synchronise(item.path.removingLastComponent())
            }
        }
    }

    /// Gives the files to quarantine a second name. Only regular files can have one.
    private func quarantine(_ plan: RepairPlan, _ place: QuarantineDirectory) throws {
        var directories: Set<FilePath> = []
        for item in plan.items where try !item.path.isNoRegularFile() {
            let target = try place.target(item.path)
            try SecondName.keep(item.path, as: target)
            directories.insert(target.removingLastComponent())
        }
        for directory in directories { try Directory.synchronise(directory) }
    }
}
