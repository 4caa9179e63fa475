import WebClient

extension S3Store {
    package func list(_ prefix: String, after last: ObjectName?) async throws(RemoteError) -> ObjectPage {
        var start = last.map { location.key($0.text) }
        while true {
            var request = S3Request(.get, nil)
            request.query = [
                ("list-type", "2"), ("encoding-type", "url"), ("max-keys", "\(pageCount)"),
                ("prefix", location.key(prefix)),
            ]
            if let start { request.query.append(("start-after", start)) }
            let answer = try await send(request)
            guard answer.status == 200 else { throw error(answer, nil) }
            guard let found = S3List(answer.content) else { throw unreadable("a list") }
            let objects = found.entries.compactMap { entry in
                location.name(entry.key).map {
                    ListedObject(name: $0, sizeBytes: entry.sizeBytes, written: entry.written)
                }
            }.sorted { $0.name < $1.name }
            let isWhole = start == nil && !found.hasMore
            guard isWhole || Self.isOrdered(found.entries.map(\.key), after: start) else {
                throw RemoteError(
                    .failed,
                    "\(location): the store does not list names in the order of their bytes"
                )
            }
            // A page of names that are not ours is no answer to the caller: it asks for what follows.
            if !objects.isEmpty || !found.hasMore {
                return ObjectPage(objects: objects, hasMore: found.hasMore, time: time(of: answer))
            }
            guard let next = found.entries.last?.key else { throw unreadable("a list") }
            start = next
        }
    }

    /// Otherwise the next page may lack names. SeaweedFS, for one, lists `a/b` before `a-b`.
    private static func isOrdered(_ keys: [String], after start: String?) -> Bool {
        var last = start
        for key in keys {
            if let last, !last.utf8.lexicographicallyPrecedes(key.utf8) { return false }
            last = key
        }
        return true
    }

    func unreadable(_ what: String) -> RemoteError {
        RemoteError(.unavailable, "\(location): \(what) from the store cannot be read")
    }
}
