import LinuxSystem
import TestSupport

/// The next element of a stream. Throws when none comes any more.
func next<Element: Sendable>(_ elements: AsyncStream<Element>) async throws -> Element {
    for await element in elements { return element }
    throw WaitedInVain(what: "the next \(Element.self)")
}

/// As `wait(for:)` of threads, but it leaves its thread to others: the service needs one of the same few.
/// While tests that block hold all of them, nothing happens for minutes.
func waitAside(
    for what: String,
    within limit: Duration = .seconds(600),
    until condition: () throws -> Bool
) async throws {
    let deadline = MonotonicInstant.now.advanced(by: limit)
    while try !condition() {
        guard MonotonicInstant.now < deadline else { throw WaitedInVain(what: what) }
        try await Task.sleep(for: .milliseconds(10))
    }
}
