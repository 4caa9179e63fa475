package import LinuxSystem

/// A change of the system clock while a writer ran.
package struct ClockStep: Hashable, Sendable {
    /// The time that it would have shown.
    package let from: Instant
    /// The time that it showed instead, and from which it continued.
    package let to: Instant

    package init(from: Instant, to: Instant) {
        self.from = from
        self.to = to
    }

    /// Positive when the clock was put forward; nil if nanoseconds cannot express it.
    package var nanoseconds: Int64? {
        let (step, isBeyond) = to.nanoseconds.subtractingReportingOverflow(from.nanoseconds)
        return isBeyond ? nil : step
    }
}

extension Annotation {
    package init(_ step: ClockStep) {
        let fields = ["from": String(step.from.nanoseconds), "to": String(step.to.nanoseconds)]
        self.init(.clock, target: .none, fields: fields, time: step.to)
    }

    /// The clock step that it reports; nil when it is about something else.
    package var clockStep: ClockStep? {
        guard kind == .clock, let from = fields["from"].flatMap({ Int64($0) }),
            let to = fields["to"].flatMap({ Int64($0) })
        else { return nil }
        return ClockStep(from: Instant(nanoseconds: from), to: Instant(nanoseconds: to))
    }
}
