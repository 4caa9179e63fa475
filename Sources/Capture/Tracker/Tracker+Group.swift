import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// Files of a group that were read, and what all of it was before.
struct GroupRead {
    /// What was read of one, and what it looked like before.
    struct Reading {
        let tracker: Tracker
        let shape: ImageSize
        let pages: PageSet
    }

    let members: [Tracker]
    /// Writes that events had told of before.
    let writes: [Int]
    let stamps: [ContentStamp?]
    let readings: [Reading]
}

/// Files that are captured together.
///
/// Their images count if and only if:
/// 1. each writer has closed its file or paused;
/// 2. between reading the first and having read the last no event tells of any of them;
/// 3. afterwards each has the size, the time and the identity that it had before.
/// They are handed over in one step, and so become durable in one flush.
extension Tracker {
    /// Whether nothing of the file waits to be read or known.
    private var isKnown: Bool {
        !state.pending.name && state.pending.rescanReason == nil && !state.pending.isTouched && scan == nil
    }

    /// Captures all of the group that has changed. What is too large to be read at once is compared slice by
    /// slice by its own tracker before, and counts only if nothing of the group was written meanwhile.
    func captureGroup(_ group: FileGroup, _ now: MonotonicInstant) -> ProcessStep {
        let members = group.members.filter { $0 === self || !$0.state.presence.obstacles.isLeftOut }
        for member in members where member !== self {
            if member.state.pending.name,
                member.state.presence.isThere || FileStatus.directIfPresent(member.path) != nil
            {
                return state.retry(in: .milliseconds(5), from: now)
            }
            guard member.state.pending.isQuiet(now), member.scan == nil else {
                // A comparison alone is no writer, unless it was in vain before.
                if member.scan == nil || member.state.presence.obstacles.isRestless {
                    state.missPause(of: member.path, now)
                }
                return state.retry(in: .milliseconds(20), from: now)
            }
        }
        return state.readEvents(before: .readGroup(members))
    }

    func readGroup(_ members: [Tracker], _ now: MonotonicInstant) throws -> ProcessStep {
        let writes = members.map { $0.state.pending.contentWrites }
        let stamps = members.map(\.presentStamp)
        var readings: [GroupRead.Reading] = []
        for member in members where member === self || !member.isKnown && member.state.presence.isThere {
            if member === self {
                if let reading = try readWhole() { readings.append(reading) }
            } else {
                // What is large comes first, and what cannot be read says so itself.
                guard let reading = try? member.readWhole() else {
                    return state.retry(in: .milliseconds(20), from: now)
                }
                readings.append(reading)
            }
        }
        let read = GroupRead(members: members, writes: writes, stamps: stamps, readings: readings)
        return state.readEvents(before: .proveGroup(read))
    }

    /// Captures what was read, unless somebody wrote one of them meanwhile.
    func proveGroup(_ read: GroupRead, _ now: MonotonicInstant) -> ProcessStep {
        let members = read.members
        let writes = members.map { $0.state.pending.contentWrites }
        guard writes == read.writes, members.map(\.presentStamp) == read.stamps else {
            let writer = zip(members, read.writes).first { $0.state.pending.contentWrites != $1 }?.0
            state.missPause(of: writer === self ? nil : writer?.path, now)
            return state.retry(in: .milliseconds(5))
        }
        var steps: [CaptureStep] = []
        for reading in read.readings {
            guard let stamp = reading.tracker.presentStamp else {
                return state.retry(in: .milliseconds(5))
            }
            steps += reading.tracker.plainSteps(reading.shape, reading.pages)
            reading.tracker.state.plainCaptured(reading.shape, stamp)
        }
        context.queue.put(steps)
        for reading in read.readings { reading.tracker.state.handOverAttributes() }
        return .done
    }

    private var presentStamp: ContentStamp? {
        FileStatus.directIfPresent(path).flatMap { $0.kind == .regular ? ContentStamp($0) : nil }
    }

    /// Nil when it is too large.
    private func readWhole() throws -> GroupRead.Reading? {
        let file = try OpenFile(path, .look)
        let status = try file.status()
        let shape = try state.bounds.shape(
            .plain,
            byteCount: status.sizeBytes,
            allocatedBytes: status.allocatedBytes
        )
        guard shape.byteCount <= Self.wholeBytes else { return nil }
        var pages = PageSet(pageSize: .plain, reservingPages: Int(shape.pageCount.rawValue))
        try file.readAll(shape, into: &pages, &context.scratch)
        return GroupRead.Reading(tracker: self, shape: shape, pages: pages)
    }

    /// Another one of the group that was written since then.
    func groupMember(writtenSince: MonotonicInstant) -> Tracker? {
        group?.members.first { $0 !== self && $0.state.pending.lastActivity > writtenSince }
    }
}
