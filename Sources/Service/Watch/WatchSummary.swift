import History

/// What the watcher does just now, in a line for the service manager.
struct WatchSummary: Hashable {
    private let protected: Int
    private let starting: Int
    private let count: Int
    /// The first root that is not protected as it should be, and why.
    private let trouble: String?

    init(_ roots: [WatcherDescription.Root]) {
        protected = roots.count { $0.state == .ready && $0.reason == nil }
        starting = roots.count { $0.state == .starting }
        count = roots.count
        trouble = roots.lazy.compactMap { root in root.reason.map { "\(root.path): \($0)" } }.first
    }

    var text: String {
        let what =
            protected == count
            ? "protecting \(Quantity.text(count, "root"))"
            : "protecting \(protected) of \(Quantity.text(count, "root"))"
        let rest = starting > 0 ? "; \(starting) being captured for the first time" : ""
        return what + rest + (trouble.map { "; \($0)" } ?? "")
    }
}
