import Glibc
import Synchronization

/// A request from a user or a service manager that this process end: SIGINT, SIGTERM, SIGHUP.
package enum StopSignal {
    /// The handler writes to it. A handler may call almost nothing (`signal-safety(7)`): write(2) is allowed.
    private static let wakeupDescriptor = Atomic<Int32>(-1)
    /// Where SIGHUP is written to, if it is no stop signal.
    private static let hangUpDescriptor = Atomic<Int32>(-1)

    private static let all = [SIGINT, SIGTERM, SIGHUP]

    /// Calls `body` on a thread of its own at the first stop signal, and `again` at later ones. The signals
    /// no longer end the process. Use it once. A signal that was ignored when the process began remains
    /// ignored, as under nohup(1).
    package static func onFirst(
        _ body: @escaping @Sendable () -> Void,
        again: @escaping @Sendable () -> Void = {}
    ) throws(SystemError) {
        let wakeup = try WakeupPipe()
        wakeupDescriptor.store(wakeup.writeEnd, ordering: .releasing)
        try WorkerThread.start("signals") {
            receive(all)
            while !wakeup.wait(nil) {}
            body()
            while true {
                if wakeup.wait(nil) { again() }
            }
        }
        for signal in all { try handle(signal) }
    }

    /// From here on, SIGHUP stops nothing: each one calls `body` on a thread of its own, as daemons read
    /// their configuration again. Call it before `onFirst`, once.
    package static func onHangUp(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let wakeup = try WakeupPipe()
        hangUpDescriptor.store(wakeup.writeEnd, ordering: .releasing)
        try WorkerThread.start("hang-up") {
            receive([SIGHUP])
            while true {
                if wakeup.wait(nil) { body() }
            }
        }
        try handle(SIGHUP)
    }

    /// Our other threads block them.
    private static func receive(_ signals: [Int32]) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    private static func handle(_ signal: Int32) throws(SystemError) {
        var action = sigaction()
        guard unsafe sigaction(signal, nil, &action) == 0 else { throw .last(.inspectSignal, nil) }
        if action.isIgnored { return }
        action = sigaction()
        action.sa_flags = SA_RESTART
        unsafe action.__sigaction_handler.sa_handler = { signal in
            let before = errno
            var byte: UInt8 = 1
            let hangUp = StopSignal.hangUpDescriptor.load(ordering: .acquiring)
            let isHangUp = signal == SIGHUP && hangUp >= 0
            let end = isHangUp ? hangUp : StopSignal.wakeupDescriptor.load(ordering: .acquiring)
            _ = unsafe write(end, &byte, 1)
            errno = before
        }
        guard unsafe sigaction(signal, &action, nil) == 0 else { throw .last(.handleSignal, nil) }
    }
}
