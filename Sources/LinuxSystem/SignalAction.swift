import Glibc

/// What this process does at a signal (`sigaction(2)`), so that it can be changed for a while.
enum SignalAction {
    /// Returns what was done before.
    static func handle(_ signal: Int32, by handler: __sighandler_t?) -> sigaction {
        var action = sigaction()
        action.sa_flags = SA_RESTART
        unsafe action.__sigaction_handler.sa_handler = handler
        var before = sigaction()
        unsafe _ = sigaction(signal, &action, &before)
        return before
    }

    static func restore(_ signal: Int32, _ action: sigaction) {
        var action = action
        unsafe _ = sigaction(signal, &action, nil)
    }
}

extension sigaction {
    /// Whether the signal is ignored. SIG_IGN is a number instead of a function.
    var isIgnored: Bool { unsafe unsafeBitCast(__sigaction_handler.sa_handler, to: Int.self) == 1 }
}
