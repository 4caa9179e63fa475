package import LinuxFiles
package import SystemPackage

/// Makes a damaged root sound again: what is sound stays, the rest goes to `set-aside`, nothing is deleted.
///
/// Bases go first, then the segments behind the damage, newest first, then the damaged one, then the durable mark, and
/// at last a gap is recorded. Whatever is interrupted in between is still damage, so the next repair goes on.
package struct RootRepair {
    package let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Repairs, and returns what was done; where it went is nil when there was nothing to do.
    /// Throws `RepositoryError.locked` beside a writer, `.unsupported`, or `SystemError`.
    package func run(now: Instant = .now) throws -> (plan: RepairPlan, place: FilePath?) {
        let lock = try root.takeWriterLock()
        let plan = try RepairPlan(root)
        guard !plan.isEmpty else { return (plan, nil) }
        let place = try makePlace(now)
        for item in plan.items {
            if let front = plan.front, item.path == root.segmentPath(front.segment) {
                try cut(item.path, to: front.byteCount, place)
            } else {
                try Directory.rename(item.path, to: try target(item.path, place))
                try Directory.synchronise(item.path.removingLastComponent())
            }
            try Directory.synchronise(try target(item.path, place).removingLastComponent())
        }
        // It brings the mirrors to the last kept snapshot and leaves a right mark as well.
        let writer = try RootWriter(root: root, holding: lock)
        let reason =
            "holdfast repair set aside damage and what followed it: see \(place.lastComponent!.string)"
        try writer.stageGap(Gap(from: plan.lastKeptTime ?? root.created, to: now, reason: reason))
        _ = try writer.flush()
        return (plan, place)
    }

    /// `set-aside/STAMP`, a directory of this repair alone.
    private func makePlace(_ now: Instant) throws -> FilePath {
        let stamp = SmallFile.text(now).filter { $0 != "-" && $0 != ":" }
        for number in 1... {
            let name = number == 1 ? stamp : "\(stamp)-\(number)"
            let place = root.directory.appending("set-aside").appending(name)
            guard FileStatus.ifPresent(place) == nil else { continue }
            try Directory.make(place)
            return place
        }
        fatalError("numbers do not end")
    }

    /// The path that a file of the root has there: its relative name is kept.
    private func target(_ path: FilePath, _ place: FilePath) throws -> FilePath {
        var name = path
        _ = name.removePrefix(root.directory)
        let target = place.appending(name.components)
        try Directory.make(target.removingLastComponent())
        return target
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
    private func cut(_ path: FilePath, to byteCount: UInt64, _ place: FilePath) throws {
        let draft = path.removingLastComponent().appending("\(path.lastComponent!.string).new")
        let copy = try OpenFile(draft, .updateOrCreate)
        try copy.truncate(to: 0)
        try SegmentSuccession.copyFront(of: path, to: copy, from: 0, upTo: byteCount)
        try unseal(copy, path)
        try copy.synchronise()
        let aside = try target(path, place)
        try SecondName.keep(path, as: aside)
        try Directory.synchronise(aside.removingLastComponent())
        try Directory.rename(draft, to: path)
        try Directory.synchronise(path.removingLastComponent())
    }
}
