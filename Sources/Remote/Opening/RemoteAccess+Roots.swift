package import RepositoryFormat

extension RemoteAccess {
    /// The roots of the remote, ordered. It takes at most a request for each, however many objects there are.
    package func roots() async throws(RemoteError) -> [RootID] {
        var roots: Set<RootID> = []
        var last: ObjectName?
        while true {
            let page = try await store.list(ObjectNames.roots(), after: last)
            let found = page.objects.compactMap { ObjectNames.root($0.name) }
            roots.formUnion(found)
            guard page.hasMore, let end = page.objects.last?.name else { break }
            // All others of that root come before this name.
            last = ObjectNames.root(end).map { ObjectNames.afterObjects(of: $0) } ?? end
        }
        return roots.sorted { $0.rawValue < $1.rawValue }
    }
}
