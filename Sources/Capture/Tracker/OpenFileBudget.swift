/// How the descriptors of a root's protection are shared out, so that ten thousand databases can live within
/// a limit of a few hundred.
struct OpenFileBudget {
    /// Comparisons that go on at once; each has a file and its mirror open.
    let scans: Int
    /// Write-ahead logs that are held open while nothing happens to them, each with its index.
    let logs: Int

    /// For what is always open, the mirrors that the recorder keeps, and journals and logs that have just
    /// appeared.
    private static let reserve = 128
    private static let maximumScans = 64

    /// - Parameter openFiles: descriptors that this root may use.
    init(openFiles: Int) {
        let free = max(0, openFiles - Self.reserve)
        scans = min(Self.maximumScans, max(2, free / 8))
        logs = max(4, free / 2 - scans)
    }
}
