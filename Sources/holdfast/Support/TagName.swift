import ArgumentParser
import History

/// A name for a moment, which a WHEN can be.
func parseTagName(_ text: String) throws -> String {
    if When.reservedNames.contains(text) {
        throw ValidationError("'\(text)' cannot be a tag: it has a meaning of its own, choose another name")
    }
    guard When.isValidName(text) else {
        throw ValidationError(
            "'\(text)' cannot be a tag: letters, digits and . _ - / make one, and neither a digit nor - begins it"
        )
    }
    return text
}

extension SnapshotIndex {
    func announceMove(of tag: String, _ console: Console) {
        guard let sequence = tags[tag] else { return }
        console.message("\(tag) was snapshot \(sequence), and moves")
    }

    /// A name that no tag has yet.
    func freeTag(_ name: String) -> String {
        guard tags[name] != nil else { return name }
        return (2...).lazy.map { "\(name)-\($0)" }.first { tags[$0] == nil } ?? name
    }
}
