package import SQLiteFiles
package import SystemPackage

/// A copy of the image of a replay that is some snapshots behind it. Only the pages that changed since then
/// are copied.
package struct FollowingImage {
    private let directory: FilePath
    /// The image as of the last snapshot that was followed; nil before the first one.
    package private(set) var image: PastImage?
    /// The pages that differ from the replay's image; nil: all may.
    package private(set) var differing: PageBitmap?

    /// - Parameter directory: on its file system, files without names are made.
    package init(in directory: FilePath) { self.directory = directory }

    /// The replay has come to this step.
    package mutating func note(_ step: HistoryReplay.Step) {
        guard let pages = step.pages else { return differing = nil }
        differing?.formUnion(pages)
    }

    /// Makes it equal to the image of the step that was noted last.
    package mutating func follow(_ latest: PastImage) throws {
        if let differing, let image {
            self.image = try image.following(latest, differing)
        } else {
            image = try latest.copy(in: directory)
        }
        differing = PageBitmap()
    }
}
