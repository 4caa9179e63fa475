package import LinuxFiles
package import SystemPackage

/// Makes a damaged root sound again: what is sound stays, the rest goes to `set-aside`, nothing is deleted.
///
/// What is kept behind the damage is written to drafts first, which get their names when what they replace is
/// set aside. Bases go first, then the segments behind the damage, newest first, then the damaged one, then
/// the durable mark, and at last a gap is recorded. Whatever is interrupted in between is still damage, so
/// the next repair goes on.
package struct RootRepair {
    package let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Repairs, and returns what was done; where it went is nil when there was nothing to do.
    /// Throws `RepositoryError.locked` beside a writer, `.unsupported`, or `SystemError`.
    package func run(now: Instant = .now) throws -> (plan: RepairPlan, place: FilePath?) {
        // Whoever has the lock has it of a file.
        let lockIsNone = try RepairPlan.isNoRegularFile(root.lockPath)
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
        // What is kept behind the damage is on the disk before anything is touched.
        let behind = try plan.scan.flatMap { scan in
            try scan.cut.map { cut in
                let segments = RepairSegments(root, cut, now: now)
                try segments.write(scan, now: now)
                return segments
            }
        }
        let place = try begun ?? SetAsidePlace(in: root.directory, now: now)
        for item in plan.items {
            guard let cut = plan.scan?.cut, item.path == root.segmentPath(cut.segment) else {
                try place.take(item.path)
                continue
            }
            // Until the damage is gone, what is behind it has its names. One of them may be that of the
            // damaged segment.
            let takesName = behind?.drafts.contains(cut.segment) ?? false
            if !takesName { try behind?.giveNames() }
            if let front = plan.front {
                try self.cut(item.path, to: front.byteCount, place)
            } else {
                try place.take(item.path)
            }
            if takesName { try behind?.giveNames() }
        }
        if lockIsNone { plan.items.append(RepairPlan.Item(path: root.lockPath, offset: 0)) }
        // It brings the mirrors to the last kept snapshot and leaves a right mark as well.
        let writer = try RootWriter(root: root, holding: lock)
        let reason =
            "holdfast repair set aside damage and what followed it: see \(place.path.lastComponent!.string)"
        try writer.stageGap(Gap(from: plan.lastKeptTime ?? root.created, to: now, reason: reason))
        _ = try writer.flush()
        return (plan, place.path)
    }

    /// The front of a sealed segment has no footer, so it is none.
    private func unseal(_ copy: borrowing OpenFile, _ path: FilePath) throws {
        guard let first = path.lastComponent.flatMap(SegmentName.parse) else { return }
        var header = try StreamWalk(root: root).header(of: first)
        guard header.isSealed else { return }
        header.isSealed = false
        let bytes = header.encoded()
        try copy.write(unsafe bytes.span.bytes, at: 0)
    }

    /// Gives the segment a second name, then its name to a copy of its front: at no moment it is not there.
    private func cut(_ path: FilePath, to byteCount: UInt64, _ place: SetAsidePlace) throws {
        let draft = path.removingLastComponent().appending("\(path.lastComponent!.string).new")
        let copy = try OpenFile(draft, .updateOrCreate)
        try copy.truncate(to: 0)
        try SegmentSuccession.copyFront(of: path, to: copy, from: 0, upTo: byteCount)
        try unseal(copy, path)
        try copy.synchronise()
        let aside = try place.target(path)
        try SecondName.keep(path, as: aside)
        try Directory.synchronise(aside.removingLastComponent())
        try Directory.rename(draft, to: path)
        try Directory.synchronise(path.removingLastComponent())
    }
}
