extension Sequence where Element: Sendable {
    /// Calls `body` for each element, for at most `limit` of them at the same time. After the first error no
    /// further ones are begun, and those that were begun are cancelled.
    func forEachAtOnce(
        _ limit: Int,
        _ body: @escaping @Sendable (Element) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, element) in enumerated() {
                if number >= limit { try await group.next() }
                group.addTask { try await body(element) }
            }
            while try await group.next() != nil {}
        }
    }
}
