import WebClient

extension S3Store {
    package func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        var request = S3Request(.put, name)
        request.headers = [("If-None-Match", "*")]
        request.content = content
        request.isChecked = true
        let answer = try await send(request)
        switch answer.status {
        case 200..<300: return .stored(at: time(of: answer))
        case 412: return .taken
        case 501:
            throw RemoteError(
                .noConditions,
                "\(subject(name)): the store does not support If-None-Match (\(S3Refusal(answer).summary))"
            )
        default: throw error(answer, name)
        }
    }

    package func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        var request = S3Request(.put, name)
        request.content = content
        request.isChecked = true
        let answer = try await send(request)
        guard 200..<300 ~= answer.status else { throw error(answer, name) }
    }

    package func get(_ name: ObjectName, _ range: Range<UInt64>?) async throws(RemoteError) -> [UInt8] {
        guard let range else { return try await getWhole(name) }
        guard !range.isEmpty else { return try await getNothing(name, at: range.lowerBound) }
        guard let count = Int(exactly: range.upperBound - range.lowerBound), count <= Self.wholeLimit else {
            throw RemoteError(.failed, "\(subject(name)): more than \(Self.wholeLimit) bytes at once")
        }
        var request = S3Request(.get, name)
        request.headers = [("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
        // An error has a document.
        request.answerLimit = max(count, 64 << 10)
        let answer = try await send(request)
        switch answer.status {
        case 206 where answer.content.count == count: return answer.content
        // rclone sends a range with the status of a whole object.
        case 200 where answer.header("Content-Range") != nil && answer.content.count == count:
            return answer.content
        // A small object, from a store that does not know ranges.
        case 200
        where answer.header("Content-Range") == nil && UInt64(answer.content.count) >= range.upperBound:
            return Array(answer.content[Int(range.lowerBound)..<Int(range.upperBound)])
        case 200, 206, 416:
            throw RemoteError(
                .damaged,
                "\(subject(name)) is shorter than expected: of the bytes \(range.lowerBound) to "
                    + "\(range.upperBound) the store sends \(answer.content.count) (HTTP \(answer.status))"
            )
        default: throw error(answer, name)
        }
    }

    private func getWhole(_ name: ObjectName) async throws(RemoteError) -> [UInt8] {
        var request = S3Request(.get, name)
        request.answerLimit = Self.wholeLimit
        let answer = try await send(request)
        guard answer.status == 200 else { throw error(answer, name) }
        return answer.content
    }

    private func getNothing(_ name: ObjectName, at offset: UInt64) async throws(RemoteError) -> [UInt8] {
        guard let size = try await size(of: name) else {
            throw RemoteError(.missing, "\(subject(name)): NoSuchKey (HTTP 404)")
        }
        guard offset <= size else { throw RemoteError(.damaged, "\(subject(name)) is shorter than expected") }
        return []
    }

    package func size(of name: ObjectName) async throws(RemoteError) -> UInt64? {
        let answer = try await send(S3Request(.head, name))
        switch answer.status {
        case 200: break
        case 404: return nil
        default: throw error(answer, name)
        }
        guard let size = answer.header("Content-Length").flatMap({ UInt64($0) }) else {
            throw RemoteError(.failed, "\(subject(name)): the store does not say its size")
        }
        return size
    }

    package func delete(_ name: ObjectName) async throws(RemoteError) -> DeleteOutcome {
        let answer = try await send(S3Request(.delete, name))
        if 200..<300 ~= answer.status { return .deleted }
        let refusal = S3Refusal(answer)
        if refusal.isOfDeletion { return .kept(refusal.summary) }
        let error = refusal.error(subject(name), location)
        if error.kind == .missing { return .deleted }
        throw error
    }
}
