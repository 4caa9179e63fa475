import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// Commits for which the queue has no room, merged: the newest content of each page.
///
/// If they remained in the log, its next generation would overwrite them. Merged they need memory for the
/// distinct pages only. The snapshot records the number of commits in it.
struct LogBacklog {
    private(set) var pages: PageSet
    private(set) var shape: ImageSize
    private(set) var commits = 0
    /// When the last commit was seen.
    private(set) var time = Instant.now
    private var places: [PageNumber: Int] = [:]

    private static let limitBytes = 3 << 20

    init(_ pages: PageSet, shape: ImageSize) {
        // Unused memory of the reserve is never written, so it takes no pages.
        let reserve = Self.limitBytes / pages.pageSize.bytes + pages.count
        self.pages = PageSet(pageSize: pages.pageSize, reservingPages: reserve)
        self.shape = shape
        add(pages, shape: shape)
    }

    /// Whether its memory limit is reached.
    var isFull: Bool { pages.bytes.count >= Self.limitBytes }

    /// Adds one more commit, with pages of the same size.
    mutating func add(_ newer: PageSet, shape: ImageSize) {
        for index in newer.numbers.indices {
            let number = newer.numbers[index]
            if let place = places[number] {
                pages.replace(at: place, newer[index])
            } else {
                places[number] = pages.count
                pages.append(number, newer[index])
            }
        }
        self.shape = shape
        commits += 1
        time = .now
    }
}
