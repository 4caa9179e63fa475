import Crypto
import LinuxSystem
import Remote
import Synchronization

/// A bucket in memory, with a clock that only the test advances. What several writers share: each uses it
/// through a `FaultStore` of its own.
final class MemoryBucket: Sendable {
    /// The least size of a part that is not the last, as in S3.
    static let leastPartBytes = 5 << 20

    /// How the bucket is set up.
    struct Settings {
        /// Without them `putNew` is refused (HTTP 501).
        var hasConditions = true
        /// So long after it was written, an object cannot be deleted (object lock).
        var lockedFor: Duration?
        /// Of a part that is not the last one.
        var leastPartBytes = MemoryBucket.leastPartBytes
    }

    struct Object: Hashable {
        let content: [UInt8]
        /// Whole seconds.
        let written: Instant
        let lockedUntil: Instant?
        /// Of the write that made it: what is newer than a number, a stale list lacks.
        let number: Int
    }

    fileprivate struct Upload {
        let name: ObjectName
        var parts: [Int: [UInt8]] = [:]
    }

    fileprivate struct State {
        var settings: Settings
        var clock: Instant
        var objects: [ObjectName: Object] = [:]
        var uploads: [UploadID: Upload] = [:]
        var lastNumber = 0
        var uploadCount = 0
        /// Of all parts that ever came.
        var partBytes = 0
        /// Puts that are done after so many more requests.
        var late: [(requests: Int, body: @Sendable () -> Void)] = []
    }

    private let state: Mutex<State>

    init(_ settings: Settings = Settings(), clock: Instant = Instant(nanoseconds: 1_750_000_000_500_000_000))
    {
        state = Mutex(State(settings: settings, clock: clock))
    }

    /// Does a put later, between requests of anybody.
    func putLater(after requests: Int, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.late.append((requests, body)) }
    }

    /// At each request.
    func doLatePuts() {
        let due = state.withLock { state in
            for index in state.late.indices { state.late[index].requests -= 1 }
            defer { state.late.removeAll { $0.requests <= 0 } }
            return state.late.filter { $0.requests <= 0 }
        }
        for put in due { put.body() }
    }

    var clock: Instant { state.withLock { $0.clock } }

    func advanceClock(by duration: Duration) {
        state.withLock { $0.clock = Instant(nanoseconds: $0.clock.nanoseconds &+ duration.nanoseconds) }
    }

    var hasConditions: Bool { state.withLock { $0.settings.hasConditions } }

    func setHasConditions(_ hasConditions: Bool) {
        state.withLock { $0.settings.hasConditions = hasConditions }
    }

    /// All objects as they are, whatever a list says.
    var objects: [ObjectName: Object] { state.withLock { $0.objects } }
    /// The number of the last write.
    var lastNumber: Int { state.withLock { $0.lastNumber } }

    /// What lost or damaged bytes on the server would do.
    func replace(_ name: ObjectName, by content: [UInt8]?) {
        state.withLock { state in
            if let content { state.write(name, content) } else { state.objects[name] = nil }
        }
    }

    /// Nil where the bucket has no conditions.
    func putNew(_ name: ObjectName, _ content: [UInt8]) -> PutOutcome? {
        state.withLock { state in
            guard state.settings.hasConditions else { return nil }
            guard state.objects[name] == nil else { return .taken }
            state.write(name, content)
            return .stored(at: state.clock)
        }
    }

    /// `written`: as the bucket calls it, if not now.
    func put(_ name: ObjectName, _ content: [UInt8], written: Instant? = nil) {
        state.withLock { $0.write(name, content, written) }
    }

    func object(_ name: ObjectName) -> Object? { state.withLock { $0.objects[name] } }

    /// A list may lack what was written so long ago.
    private static let staleTime = Duration.seconds(60)

    /// - Parameter number: newer objects are not listed, unless they are older than `staleTime`.
    func list(_ prefix: String, after last: ObjectName?, upTo number: Int?, pageCount: Int) -> ObjectPage {
        state.withLock { state in
            let oldest = Instant(nanoseconds: state.clock.nanoseconds - Self.staleTime.nanoseconds)
            let names = state.objects.filter { name, object in
                name.text.hasPrefix(prefix) && last.map { $0 < name } ?? true
                    && number.map { object.number <= $0 || object.written < oldest } ?? true
            }.keys.sorted()
            let listed = names.prefix(pageCount).compactMap { name in
                state.objects[name].map {
                    ListedObject(name: name, sizeBytes: UInt64($0.content.count), written: $0.written)
                }
            }
            return ObjectPage(objects: listed, hasMore: names.count > listed.count, time: state.clock)
        }
    }

    func delete(_ name: ObjectName) -> DeleteOutcome {
        state.withLock { state in
            if let until = state.objects[name]?.lockedUntil, state.clock < until {
                return .kept("\(name) is locked")
            }
            state.objects[name] = nil
            return .deleted
        }
    }

    func beginUpload(_ name: ObjectName) -> UploadID {
        state.withLock { state in
            state.uploadCount += 1
            let upload = UploadID("upload-\(state.uploadCount)")
            state.uploads[upload] = Upload(name: name)
            return upload
        }
    }

    /// Nil if there is no such upload.
    func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) -> UploadedPart? {
        state.withLock { state in
            guard state.uploads[upload]?.name == name else { return nil }
            state.uploads[upload]?.parts[number] = content
            state.partBytes += content.count
            return Self.part(number, content)
        }
    }

    func parts(of upload: UploadID, _ name: ObjectName) -> [UploadedPart]? {
        state.withLock { state in
            guard let found = state.uploads[upload], found.name == name else { return nil }
            return found.parts.sorted { $0.key < $1.key }.map { Self.part($0.key, $0.value) }
        }
    }

    /// What lost bytes on the server would do.
    func losePart(_ number: Int, of upload: UploadID) {
        state.withLock { $0.uploads[upload]?.parts[number] = nil }
    }

    /// How many bytes all parts had that ever came.
    var partBytes: Int { state.withLock { $0.partBytes } }

    enum Completion {
        case done, missing, invalidParts
    }

    func completeUpload(_ upload: UploadID, _ name: ObjectName, _ parts: [UploadedPart]) -> Completion {
        state.withLock { state in
            guard let found = state.uploads[upload], found.name == name else { return .missing }
            let isOrdered = zip(parts, parts.dropFirst()).allSatisfy { $0.number < $1.number }
            let contents = parts.compactMap { found.parts[$0.number] }
            guard isOrdered, !parts.isEmpty, contents.count == parts.count,
                zip(parts, contents).allSatisfy({ Self.part($0.number, $1) == $0 }),
                contents.dropLast().allSatisfy({ $0.count >= state.settings.leastPartBytes })
            else { return .invalidParts }
            state.uploads[upload] = nil
            state.write(name, Array(contents.joined()))
            return .done
        }
    }

    func abandonUpload(_ upload: UploadID, _ name: ObjectName) {
        state.withLock { state in
            if state.uploads[upload]?.name == name { state.uploads[upload] = nil }
        }
    }

    func uploads(_ prefix: String) -> [(name: ObjectName, upload: UploadID)] {
        state.withLock { state in
            state.uploads.filter { $0.value.name.text.hasPrefix(prefix) }
                .map { (name: $0.value.name, upload: $0.key) }
                .sorted { ($0.name, $0.upload.text) < ($1.name, $1.upload.text) }
        }
    }

    private static func part(_ number: Int, _ content: [UInt8]) -> UploadedPart {
        let tag = SHA256.hash(data: content).map { $0.padded(to: 2, radix: 16) }.joined()
        return UploadedPart(number: number, sizeBytes: UInt64(content.count), tag: tag)
    }
}

extension MemoryBucket.State {
    fileprivate mutating func write(_ name: ObjectName, _ content: [UInt8], _ written: Instant? = nil) {
        lastNumber += 1
        let second: Int64 = 1_000_000_000
        let lock = settings.lockedFor.map { Instant(nanoseconds: clock.nanoseconds &+ $0.nanoseconds) }
        objects[name] = MemoryBucket.Object(
            content: content,
            written: Instant(nanoseconds: (written ?? clock).nanoseconds / second * second),
            lockedUntil: lock,
            number: lastNumber
        )
    }
}
