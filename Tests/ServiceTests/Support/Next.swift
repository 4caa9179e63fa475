import TestSupport

/// The next element of a stream. Throws when none comes any more.
func next<Element: Sendable>(_ elements: AsyncStream<Element>) async throws -> Element {
    for await element in elements { return element }
    throw WaitedInVain(what: "the next \(Element.self)")
}
