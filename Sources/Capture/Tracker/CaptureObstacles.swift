import LinuxSystem
import SystemPackage

/// Where a file's obstacles are reported.
struct FileReport {
    let path: FilePath
    let meter: StatusMeter

    var name: String { path.printable }
}

/// What stands between a file and its capture just now.
struct CaptureObstacles {
    /// The file cannot be read.
    private(set) var isLeftOut = false
    private var hindrance: Hindrance?
    /// When the last processing met one of them; nil when it did not.
    private var metAt: MonotonicInstant?
    /// Since when its writers have left no pause in which it could be captured.
    private var tooBusySince: MonotonicInstant?
    private var quarantines = QuarantinePauses()

    /// Whoever only writes for a while is waited for.
    private static let tooBusyGrace = Duration.seconds(2)

    /// Something is wrong, whether or not all that is committed is captured.
    var isHindered: Bool { hindrance != nil }
    /// It is captured with difficulty, or not at all.
    var areThere: Bool { isLeftOut || isHindered }
    /// Commits go by unseen.
    var isBlind: Bool { hindrance?.isBlind == true }
    /// The last processing met something.
    var wereMet: Bool { metAt != nil }
    /// A pause was missed before.
    var isTooBusy: Bool { tooBusySince != nil }

    mutating func processingBegins() { metAt = nil }

    mutating func met(_ now: MonotonicInstant) { metAt = now }

    /// Commits may go by unseen for that reason until it is gone.
    mutating func hinder(_ reason: String, _ report: FileReport) {
        hindrance = Hindrance(reason: reason, isBlind: true)
        metAt = .now
        report.meter.hindered(report.name, hindrance)
    }

    /// Says what is wrong, although all that is committed is captured.
    mutating func warn(_ reason: String, _ report: FileReport) {
        hindrance = Hindrance(reason: reason, isBlind: false)
        report.meter.hindered(report.name, hindrance)
    }

    /// A writer left no pause in which the file could be captured. When that has lasted, it is said, and
    /// nobody waits for the file any more. `reason`: what is said.
    mutating func missPause(_ now: MonotonicInstant, _ reason: String, _ report: FileReport) {
        let since = tooBusySince ?? now
        tooBusySince = since
        guard since.duration(to: now) >= Self.tooBusyGrace else { return }
        metAt = now
        report.meter.hindered(report.name, Hindrance(reason: reason, isBlind: true))
    }

    /// Whether nothing more can be captured of what was committed before, and that is said.
    func areBlinding(since: MonotonicInstant) -> Bool {
        guard let metAt, isBlind || isLeftOut || tooBusySince != nil else { return false }
        return metAt >= since
    }

    /// Nothing stands between the file and its capture any more.
    mutating func end(_ report: FileReport) {
        let wasTooBusy = tooBusySince.take() != nil
        guard hindrance.take() != nil || wasTooBusy else { return }
        report.meter.hindered(report.name, nil)
    }

    /// How long the file rests after an error of the program itself.
    mutating func pauseOfQuarantine(_ now: MonotonicInstant) -> Duration { quarantines.next(now) }

    /// The file cannot be captured.
    mutating func leaveOut(_ error: any Error, _ report: FileReport) {
        isLeftOut = true
        report.meter.leftOut(report.name, error)
    }

    /// The file can be read, if it could not before.
    mutating func canBeRead(_ report: FileReport) {
        guard isLeftOut else { return }
        isLeftOut = false
        report.meter.leftOut(report.name, nil)
    }

    /// The file has another path from now on.
    func relocates(from report: FileReport) {
        if isLeftOut { report.meter.leftOut(report.name, nil) }
    }
}
