package import LinuxSystem
import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// Makes a damaged root sound again: what is sound stays, the rest goes to `set-aside`, nothing is deleted.
///
/// 1. What is kept from the first damaged segment on is written to drafts.
/// 2. Everything that goes aside gets a second name there.
/// 3. The drafts take the names of their segments, newest first. So the first damage, behind which nothing is
///    believed without proof, is seen until all is right behind it.
/// 4. What has gone aside loses its first name, the durable mark last, and a gap is recorded.
///
/// Wherever that is interrupted, the next repair keeps the same.
package struct RootRepair {
    let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Repairs, and returns what was done; where it went is nil when there was nothing to do.
    /// Throws `RepositoryError.locked` beside a writer, `.unsupported`, or `SystemError`.
    package func run(now: Instant = .now) throws -> (plan: RepairPlan, place: FilePath?) {
        // Whoever has the lock has it of a file.
        let lockIsNone = try root.lockPath.isNoRegularFile()
        var begun: SetAsidePlace?
        if lockIsNone {
            begun = try SetAsidePlace(in: root.directory, now: now)
            try begun!.take(root.lockPath)
        }
        let lock = try root.takeWriterLock(forRepair: true)
        var plan = try RepairPlan(root)
        guard !plan.isEmpty else {
            if lockIsNone { plan.items = [RepairPlan.Item(path: root.lockPath, offset: 0)] }
            return (plan, begun?.path)
        }
        let place = try begun ?? SetAsidePlace(in: root.directory, now: now)
        try replace(plan, place, now)
        if lockIsNone { plan.items.append(RepairPlan.Item(path: root.lockPath, offset: 0)) }
        // It brings the mirrors to the last kept snapshot and leaves a right mark as well.
        let writer = try RootWriter(root: root, holding: lock)
        let reason =
            "holdfast repair set aside damage and what followed it: see \(place.path.lastComponent!.string)"
        try writer.stageGap(Gap(from: plan.lastKeptTime ?? root.created, to: now, reason: reason))
        _ = try writer.flush()
        return (plan, place.path)
    }

    private func replace(_ plan: RepairPlan, _ place: SetAsidePlace, _ now: Instant) throws {
        var named: Set<FilePath> = []
        if let scan = plan.scan, let cut = scan.cut {
            let segments = RepairSegments(root, cut, now: now)
            try segments.write(scan)
            do {
                try keepAside(plan, place)
                for first in segments.drafts.reversed() {
                    let path = root.segmentPath(first)
                    // No file takes the name of a directory. Nothing in that is missed.
                    if try path.isNoRegularFile() { try place.take(path) }
                    try Directory.rename(segments.draftPath(first), to: path)
                    try Directory.synchronise(root.segmentsDirectory)
                    named.insert(path)
                }
            } catch {
                segments.removeDrafts()
                throw error
            }
        } else {
            try keepAside(plan, place)
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

    /// Gives what goes aside a second name. What is no regular file can have none.
    private func keepAside(_ plan: RepairPlan, _ place: SetAsidePlace) throws {
        var directories: Set<FilePath> = []
        for item in plan.items where try !item.path.isNoRegularFile() {
            let target = try place.target(item.path)
            try SecondName.keep(item.path, as: target)
            directories.insert(target.removingLastComponent())
        }
        for directory in directories { try Directory.synchronise(directory) }
    }
}
