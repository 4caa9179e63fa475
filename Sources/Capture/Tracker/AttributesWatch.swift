import LinuxSystem
import SystemPackage

/// Owner, mode and the like of a file are handed over behind the content that they belong to. They are looked
/// at when an event tells of them, and when another file has the name; of a plain file with each capture, for
/// its time.
struct AttributesWatch {
    /// What is to be handed over when all content is.
    private enum News {
        case none
        /// They may have changed, and the content not.
        case alone
        /// Together with content that is captured now.
        case withContent
    }

    private var news = News.none
    /// What of them was seen last.
    private var ownership: FileOwnership?

    var hasNews: Bool { news != .none }

    /// An event told of them.
    mutating func changed() {
        if news == .none { news = .alone }
    }

    mutating func saw(_ seen: FileOwnership) {
        if let ownership, seen != ownership { changed() }
    }

    /// Another file has the name.
    mutating func belong(to seen: FileOwnership) {
        contentCaptured()
        ownership = seen
    }

    /// Those of a plain file belong to its content.
    mutating func contentCaptured() { news = .withContent }

    mutating func fileIsGone() {
        news = .none
        ownership = nil
    }

    /// What is to be handed over, and whether with content that is captured now. One that has lost its name
    /// meanwhile has at least owner and mode as it had it: its content must never come back with those of the
    /// file before it.
    mutating func take(
        _ path: FilePath,
        _ identity: FileIdentity?,
        keepingTime: Bool
    ) -> (attributes: FileAttributes, isWithContent: Bool)? {
        guard news != .none, let seen = ownership else { return nil }
        let isWithContent = news == .withContent
        let found = try? FileAttributes.direct(path, keepingTime: keepingTime)
        let isSame = found?.status.kind == .regular && found?.status.identity == identity
        guard isSame || isWithContent else { return nil }
        let attributes = (isSame ? found?.attributes : nil) ?? FileAttributes(ownership: seen)
        ownership = attributes.ownership
        news = .none
        return (attributes, isWithContent)
    }
}
