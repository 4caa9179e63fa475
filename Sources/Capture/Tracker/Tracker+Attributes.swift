import LinuxSystem
import RepositoryFormat

/// Owner, mode and the like of a file are handed over behind the content that they belong to. They are looked
/// at when an event tells of them, and when another file has the name; of a plain file with each capture, for
/// its time.
extension Tracker {
    /// What is to be handed over when all content is.
    enum AttributesNews {
        case none
        /// They may have changed, and the content not.
        case alone
        /// Together with content that is captured now.
        case withContent
    }

    /// An event told of them.
    func attributesChanged() {
        if attributesNews == .none { attributesNews = .alone }
    }

    /// Of a file of which all content was handed over. One that has lost its name meanwhile has at least
    /// owner and mode as it had it: its content must never come back with those of the file before it.
    func handOverAttributes() {
        guard attributesNews != .none, image != nil, let seen = ownership else { return }
        let isWithContent = attributesNews == .withContent
        let found = try? FileAttributes.direct(path, keepingTime: kind == .plain)
        let isSame = found?.status.kind == .regular && found?.status.identity == identity
        guard isSame || isWithContent else { return }
        let attributes = (isSame ? found?.attributes : nil) ?? FileAttributes(ownership: seen)
        ownership = attributes.ownership
        attributesNews = .none
        put(.attributes(AttributesStep(.file(file, isWithContent: isWithContent), attributes)))
    }
}
