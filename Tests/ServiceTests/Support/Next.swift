import TestSupport

/// The next element of a stream. Throws when none comes any more.
func next<Element: Sendable>(_ elements: AsyncStream<Element>) async throws -> Element {
    for await element in elements { return element }
    throw WaitedInVain(what: "the next \(Element.self)")
}

/// As `wait(for:)` of threads, but it leaves its thread to others: the service needs one of the same few.
///
/// While tests that block hold all of them, nothing happens for minutes. So it gives up after so many turns
/// of its own, not after some time: the service has as many.
func waitAside(
    for what: String,
    turns: Int = 10_000,
    until condition: () throws -> Bool
) async throws {
    for _ in 0..<turns {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw WaitedInVain(what: what)
}
