/// What stands between a file and its capture.
package struct Hindrance: Hashable, Sendable {
    /// For people: which file, what, and what to do.
    package let reason: String
    /// Commits go by unseen meanwhile. Otherwise all that is committed is captured as long as nothing else
    /// happens.
    package let isBlind: Bool
}
