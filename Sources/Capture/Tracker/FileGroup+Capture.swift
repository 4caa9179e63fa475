import LinuxSystem
import RepositoryFormat
import RepositoryWriter

/// Files that are captured together.
///
/// Their images count if and only if:
/// 1. each writer has closed its file or paused;
/// 2. between reading the first and having read the last no event tells of any of them;
/// 3. afterwards each has the size, the time and the identity that it had before.
/// They are handed over in one step, and so become durable in one flush.
extension FileGroup {
    /// Captures all of the group that has changed, since the tracker's file has. What is too large to be read
    /// at once is compared chunk by chunk by its own tracker before, and counts only if nothing of the group
    /// was written meanwhile.
    func capture(_ tracker: Tracker, _ now: MonotonicInstant) -> ProcessStep {
        let members = members.filter { $0 === tracker || !$0.state.presence.obstacles.isLeftOut }
        for member in members where member !== tracker {
            let isThere = member.state.presence.isThere
            if member.state.pending.name, isThere || FileStatus.directIfPresent(member.path) != nil {
                return tracker.state.retry(in: .milliseconds(5), from: now)
            }
            guard member.state.pending.isQuiet(now), member.scan == nil else {
                // A comparison alone is no writer, unless it was in vain before.
                if member.scan == nil || member.state.presence.obstacles.isTooBusy {
                    tracker.state.missPause(of: member.path, now)
                }
                return tracker.state.retry(in: .milliseconds(20), from: now)
            }
        }
        return tracker.state.readEvents(before: .readGroup(members))
    }

    static func read(
        _ members: [Tracker],
        _ tracker: Tracker,
        _ now: MonotonicInstant
    ) throws -> ProcessStep {
        let writes = members.map { $0.state.pending.contentWrites }
        let stamps = members.map { $0.state.presentStamp }
        var readings: [GroupRead.Reading] = []
        for member in members where member === tracker || !isKnown(member) && member.state.presence.isThere {
            if let whole = try member === tracker ? member.state.readWhole() : try? member.state.readWhole() {
                readings.append(GroupRead.Reading(tracker: member, shape: whole.shape, pages: whole.pages))
            } else if member !== tracker {
                // What is large comes first, and what cannot be read says so itself.
                return tracker.state.retry(in: .milliseconds(20), from: now)
            }
        }
        let read = GroupRead(members: members, writes: writes, stamps: stamps, readings: readings)
        return tracker.state.readEvents(before: .proveGroup(read))
    }

    /// Whether nothing of the file waits to be read or known.
    private static func isKnown(_ member: Tracker) -> Bool {
        let pending = member.state.pending
        return !pending.name && pending.rescanReason == nil && !pending.isTouched && member.scan == nil
    }

    /// Captures what was read, unless somebody wrote one of them meanwhile.
    static func prove(_ read: GroupRead, _ tracker: Tracker, _ now: MonotonicInstant) -> ProcessStep {
        let members = read.members
        let writes = members.map { $0.state.pending.contentWrites }
        guard writes == read.writes, members.map({ $0.state.presentStamp }) == read.stamps else {
            let writer = zip(members, read.writes).first { $0.state.pending.contentWrites != $1 }?.0
            tracker.state.missPause(of: writer === tracker ? nil : writer?.path, now)
            return tracker.state.retry(in: .milliseconds(5))
        }
        var steps: [CaptureStep] = []
        for reading in read.readings {
            guard let stamp = reading.tracker.state.presentStamp else {
                return tracker.state.retry(in: .milliseconds(5))
            }
            steps.append(reading.tracker.state.plainStep(reading.shape, reading.pages))
            reading.tracker.state.plainCaptured(reading.shape, stamp)
        }
        tracker.context.queue.put(steps)
        for reading in read.readings { reading.tracker.state.handOverAttributes() }
        return .done
    }

    /// One other than the tracker's that was written since then.
    func member(otherThan tracker: Tracker, writtenSince: MonotonicInstant) -> Tracker? {
        members.first { $0 !== tracker && $0.state.pending.lastActivity > writtenSince }
    }
}
