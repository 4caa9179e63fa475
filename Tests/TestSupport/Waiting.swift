import LinuxSystem

/// Something that did not come in time.
package struct WaitedInVain: Error, CustomStringConvertible {
    let what: String

    package init(what: String) { self.what = what }

    package var description: String { "\(what): it did not come" }
}

/// Asks again and again until the condition holds: for what nobody announces. Throws `WaitedInVain` after the
/// time.
package func wait(
    for what: String,
    within limit: Duration = .seconds(60),
    until condition: () throws -> Bool
) throws {
    let deadline = MonotonicInstant.now.advanced(by: limit)
    while try !condition() {
        guard MonotonicInstant.now < deadline else { throw WaitedInVain(what: what) }
        // Asking takes processor time from what is waited for.
        WorkerThread.sleep(.milliseconds(10))
    }
}
