import LinuxSystem

/// Threads that read the events of names as soon as there are some.
///
/// A journal may exist for only 0.1 ms, and an observer may be busy or wait for its processor for several.
/// So one thread waits on each processor, and the first to run reads the events. Usually that is the one on
/// the processor of the process that made the file, as soon as that returns from its system call.
final class StandbyThreads: Sendable {
    private let names: SharedInotify
    private let stopWakeup: WakeupPipe

    /// No event needs to wake more threads than this.
    private static let maximumThreads = 4

    /// Starts the threads; they run until `stop`. With many processors one is always free. Only with few is a
    /// thread bound to each.
    init(reading names: SharedInotify) throws(SystemError) {
        self.names = names
        stopWakeup = try WakeupPipe()
        let processors = WorkerThread.processors
        let areFew = processors.count <= Self.maximumThreads
        for processor in processors.prefix(Self.maximumThreads) {
            try WorkerThread.start("events", urgency: .high, processor: areFew ? processor : nil) { [self] in
                run()
            }
        }
    }

    func stop() { stopWakeup.signal() }

    private func run() {
        var poller = Poller()
        let (events, stop) = (poller.add(names), poller.add(stopWakeup))
        while let isReady = try? poller.wait(nil) {
            guard isReady else { continue }
            if poller.isReady(stop) { return }
            // An error is reported by each observer that reads.
            if poller.isReady(events) { try? names.read() }
        }
    }
}
