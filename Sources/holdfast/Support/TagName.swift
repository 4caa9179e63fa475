import ArgumentParser
import Recovery

/// A name for a moment, which a WHEN can be.
func parseTagName(_ text: String) throws -> String {
    guard When.isValidName(text) else {
        throw ValidationError(
            "'\(text)' cannot be a tag: begin with a letter; letters, digits and . _ - / may follow"
        )
    }
    return text
}
