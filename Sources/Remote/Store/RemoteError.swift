/// Why a remote did not do what it was asked for. The text names the object or the remote, never a secret.
package struct RemoteError: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    package let description: String

    package enum Kind: Hashable, Sendable {
        /// There is no such object or upload.
        case missing
        /// The store cannot refuse a name that is taken (HTTP 501, or it ignores the condition).
        case noConditions
        /// It may be well later: no connection, a time-out, a busy server, an answer that was cut short.
        case unavailable
        /// Another request for the same object is under way (HTTP 409).
        case conflict
        /// These credentials may not do it, or are wrong (HTTP 401, 403).
        case forbidden
        /// There is no such bucket or directory.
        case noSuchRemote
        /// Bytes that are not what they should be.
        case damaged
        /// Another writer has the remote.
        case otherWriter
        /// The key is missing, or does not fit.
        case wrongKey
        /// Anything else that does not become better by itself.
        case failed
    }

    package init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }

    /// Whether the same request may succeed later without anybody doing anything.
    package var isPassing: Bool { kind == .unavailable }
}

extension RemoteError {
    /// The advice as texts have it. Who knows the name of the remote says the whole command.
    package static let takeOver = "push with --take-over"

    /// Of something that was there, and that another object needs.
    static func gone(_ what: String) -> RemoteError {
        RemoteError(
            .damaged,
            "\(what) was removed from the remote: put it back, or \(takeOver) to ship all once more"
        )
    }
}
