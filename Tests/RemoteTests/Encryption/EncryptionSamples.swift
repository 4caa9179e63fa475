import RepositoryFormat
import Testing

@testable import Remote

/// Values that the tests of this directory share.
enum Sample {
    static let repository = RepositoryID("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf")!
    static let root = RootID(0x0123_4567_89AB_CDEF)
    static let name = ObjectName("roots/0123456789abcdef/stream/7")!
    static let context = SealContext(kind: 3, root: root, number: 7, name: name)
    static let chunk = Int(SealLayout.chunkByteCount)
}

/// Expects a `RemoteError` of that kind, and returns its text.
@discardableResult
func expect(
    _ kind: RemoteError.Kind,
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) -> String {
    let error = #expect(throws: RemoteError.self, comment, sourceLocation: sourceLocation) { try body() }
    #expect(error?.kind == kind, comment, sourceLocation: sourceLocation)
    return error?.description ?? ""
}

/// Expects one of those kinds.
func expectRefusal(
    _ kinds: Set<RemoteError.Kind>,
    _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    let error = #expect(throws: RemoteError.self, comment, sourceLocation: sourceLocation) { try body() }
    if let error { #expect(kinds.contains(error.kind), comment, sourceLocation: sourceLocation) }
}
