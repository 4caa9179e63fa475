import LinuxSystem
import Synchronization

/// Shows how far long work is while it goes on. A thread of its own reads the figures: the work only counts.
final class ProgressDisplay: Sendable {
    private enum Form {
        /// On the terminal.
        case bar
        /// Objects on the standard output.
        case lines

        /// Short work shows nothing.
        var firstPause: Duration { self == .bar ? .milliseconds(500) : .seconds(1) }
        var pause: Duration { self == .bar ? .milliseconds(100) : .seconds(1) }
    }

    private let form: Form
    private let console: Console
    private let read: @Sendable () -> WorkProgress.Reading?
    private let isOver = Atomic(false)

    /// Begins to show what `read` returns; nil when nobody wants to see it. `wantsLines`: with `--json`,
    /// progress is told as well.
    init?(_ console: Console, wantsLines: Bool, read: @escaping @Sendable () -> WorkProgress.Reading?) {
        if console.isJSON && wantsLines {
            form = .lines
        } else if !console.isQuiet && TerminalLine.isAvailable {
            form = .bar
        } else {
            return nil
        }
        self.console = console
        self.read = read
        // Without a thread, the work is done all the same.
        try? WorkerThread.start("progress") { [self] in run() }
    }

    /// From here on nothing is shown any more.
    func end() {
        isOver.store(true, ordering: .sequentiallyConsistent)
        switch form {
        case .bar: TerminalLine.clear()
        case .lines: console.waitForProgress()
        }
    }

    private var isEnded: Bool { isOver.load(ordering: .sequentiallyConsistent) }

    private func run() {
        var estimate: ProgressEstimate?
        WorkerThread.sleep(form.firstPause)
        while !isEnded {
            if let reading = read() {
                if estimate == nil { estimate = ProgressEstimate(reading, at: .now) }
                estimate?.add(reading, at: .now)
            }
            if let estimate { show(estimate) }
            WorkerThread.sleep(form.pause)
        }
    }

    private func draw(_ estimate: ProgressEstimate) {
        let bar = ProgressBar(estimate: estimate, columns: TerminalLine.columns)
        TerminalLine.draw(bar.text) { isEnded }
    }

    private func show(_ estimate: ProgressEstimate) {
        switch form {
        case .bar: draw(estimate)
        case .lines: console.progress(ProgressLine(estimate)) { isEnded }
        }
    }
}

extension Console {
    /// Does the work, and meanwhile shows how far it is.
    func showing<Value>(
        _ progress: WorkProgress,
        wantsLines: Bool = false,
        _ work: () throws -> Value
    ) rethrows -> Value {
        let display = ProgressDisplay(self, wantsLines: wantsLines) { progress.reading }
        defer { display?.end() }
        return try work()
    }
}

extension ProgressLine {
    init(_ estimate: ProgressEstimate) {
        progress = estimate.fraction.toThousandths
        bytes = estimate.reading.bytes
        bytesTotal = estimate.reading.totalBytes
        etaSeconds = OrNull(estimate.remainingSeconds)
        stage = estimate.reading.stage
    }
}
