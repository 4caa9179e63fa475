package import LinuxSystem

/// A place off the machine where objects are kept: a bucket of an S3-compatible store, or a directory such as
/// a mounted disk.
///
/// An object is written whole or not at all, and never changed. After a put has returned, every get and list
/// shows the object; a list may still lack it for a while, as those of some stores do, and no caller may
/// conclude from its absence that a name is free.
package protocol RemoteStore: Sendable {
    /// Writes an object whose name must be free. Says `.taken` if it is not, whoever took it: after a lost
    /// answer that may be an earlier attempt of the caller.
    ///
    /// Throws `RemoteError.noConditions` where the store cannot refuse a name that is taken. Then nothing was
    /// written.
    func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome

    /// Calls `body` with a store that repeats nothing, again wherever this store would repeat a request: for
    /// requests that may not be repeated as they are.
    func repeating<Value>(_ body: (any RemoteStore) async throws -> Value) async throws -> Value

    /// Writes an object, whatever had the name.
    func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError)

    /// The bytes of an object, or those of `range`, which must lie within it.
    ///
    /// Throws `RemoteError.missing` if there is no such object, `.unavailable` if the answer was cut short.
    func get(_ name: ObjectName, _ range: Range<UInt64>?) async throws(RemoteError) -> [UInt8]

    /// The objects whose names begin with `prefix` and come after `last`, ordered by the bytes of their
    /// names. At most 1,000 of them: the answer says whether more follow.
    func list(_ prefix: String, after last: ObjectName?) async throws(RemoteError) -> ObjectPage

    /// The size of an object in bytes; nil if there is none.
    func size(of name: ObjectName) async throws(RemoteError) -> UInt64?

    /// Removes an object. One that is missing counts as removed.
    func delete(_ name: ObjectName) async throws(RemoteError) -> DeleteOutcome

    /// Begins to write a large object in parts. It exists only when the upload is complete.
    func beginUpload(_ name: ObjectName) async throws(RemoteError) -> UploadID

    /// Writes a part of an upload, numbered from 1. Each but the last has at least 5 MiB. A part that is
    /// written again replaces the former one.
    func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) async throws(RemoteError) -> UploadedPart

    /// The parts that an upload has, in their order. Throws `RemoteError.missing` if there is no such upload.
    func parts(of upload: UploadID, _ name: ObjectName) async throws(RemoteError) -> [UploadedPart]

    /// Makes the object from the parts. Throws `RemoteError.missing` if there is no such upload: it may have
    /// been completed before, by an attempt whose answer was lost.
    func completeUpload(
        _ upload: UploadID,
        _ name: ObjectName,
        _ parts: [UploadedPart]
    ) async throws(RemoteError)

    /// Ends an upload; its parts are gone. One that is missing counts as ended.
    func abandonUpload(_ upload: UploadID, _ name: ObjectName) async throws(RemoteError)

    /// The uploads under `prefix` that were begun and neither completed nor abandoned.
    func uploads(_ prefix: String) async throws(RemoteError) -> [(name: ObjectName, upload: UploadID)]
}

package enum PutOutcome: Hashable, Sendable {
    /// At that time by the store.
    case stored(at: Instant)
    case taken

    package var isStored: Bool { self != .taken }
}

extension RemoteStore {
    package func repeating<Value>(
        _ body: (any RemoteStore) async throws -> Value
    ) async throws -> Value {
        try await body(self)
    }
}

package enum DeleteOutcome: Hashable, Sendable {
    case deleted
    /// The store does not let go of it yet (object lock, or no right to delete): why.
    case kept(String)
}

/// An upload in parts, as the store names it.
package struct UploadID: Hashable, Sendable, Codable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

/// A part of an upload that has arrived.
package struct UploadedPart: Hashable, Sendable {
    /// From 1.
    package let number: Int
    package let sizeBytes: UInt64
    /// What the store calls its content; it wants to hear that again at the end.
    package let tag: String

    package init(number: Int, sizeBytes: UInt64, tag: String) {
        (self.number, self.sizeBytes, self.tag) = (number, sizeBytes, tag)
    }
}

/// What a list says of an object.
package struct ListedObject: Hashable, Sendable {
    package let name: ObjectName
    package let sizeBytes: UInt64
    /// When the store says that it was written. Many stores count whole seconds.
    package let written: Instant

    package init(name: ObjectName, sizeBytes: UInt64, written: Instant) {
        (self.name, self.sizeBytes, self.written) = (name, sizeBytes, written)
    }
}

/// A part of a list.
package struct ObjectPage: Hashable, Sendable {
    package let objects: [ListedObject]
    /// More objects follow the last one.
    package let hasMore: Bool
    /// The store's own time when it answered.
    package let time: Instant

    package init(objects: [ListedObject], hasMore: Bool, time: Instant) {
        (self.objects, self.hasMore, self.time) = (objects, hasMore, time)
    }
}
