extension RemoteStore {
    /// Lists page by page, so that memory is bounded by a page. `body` gets each page with its objects that
    /// were not on a former one, and returns whether to go on. `start`: only names after it are listed.
    func forEachPage(
        _ prefix: String,
        after start: ObjectName? = nil,
        _ body: (ObjectPage) async throws(RemoteError) -> Bool
    ) async throws(RemoteError) {
        var last = start
        while true {
            let page = try await list(prefix, after: last)
            guard try await body(page), page.hasMore, let end = page.objects.last?.name else { return }
            last = end
        }
    }
}
