import Synchronization
package import SystemPackage

/// A command of this program as a message suggests it. It can be pasted into a shell, and it concerns the
/// same repository as the message's command.
///
/// The rule:
/// 1. A word that a shell would change is quoted, so that the shell passes on exactly its bytes.
/// 2. `--repo DIR` and `--config FILE` are added if and only if this process was started with them. They come
///    last, or before a `--`.
package struct SuggestedCommand: CustomStringConvertible, Sendable {
    private static let givenOptions = Mutex<[String: FilePath]>([:])

    private let words: [String]

    /// `words`: the words after `holdfast`. Placeholders for the user, as WHEN, are plain.
    package init(_ words: any SuggestedWord...) {
        self.init(words)
    }

    package init(_ words: [any SuggestedWord]) {
        self.words = words.map { ShellWord.quoted($0.shellBytes) }
    }

    /// From here on, suggestions have that option, because the user gave it.
    package static func give(_ option: String, _ path: FilePath) {
        givenOptions.withLock { $0[option] = path }
    }

    package var description: String {
        let options = Self.givenOptions.withLock { $0 }.sorted { $0.key < $1.key }
        let given = options.flatMap { [$0.key, ShellWord.quoted($0.value.shellBytes)] }
        let end = words.firstIndex(of: "--") ?? words.endIndex
        return (["holdfast"] + words[..<end] + given + words[end...]).joined(separator: " ")
    }
}

/// A word of a suggested command.
package protocol SuggestedWord: Sendable {
    var shellBytes: [UInt8] { get }
}

extension String: SuggestedWord {
    package var shellBytes: [UInt8] { Arguments.bytes(self) }
}

extension FilePath: SuggestedWord {
    package var shellBytes: [UInt8] { bytes }
}

/// One word of a shell's command line (POSIX shell, 2.2, and `$'…'` as bash, zsh and POSIX 2024 have it).
package enum ShellWord {
    package static func quoted(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard Array(text.utf8) == bytes, text.unicodeScalars.allSatisfy(\.isShown) else {
            return "$'" + bytes.map(escaped).joined() + "'"
        }
        let isPlain = !bytes.isEmpty && text.unicodeScalars.allSatisfy(isPlain)
        return isPlain ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }

    /// What a word means while it is being typed: a quote may still be open (POSIX shell, 2.2).
    package static func unquoted(_ typed: String) -> String {
        var (word, quote, isEscaped) = ("", Character?.none, false)
        for character in typed {
            if isEscaped {
                // Within double quotes only these lose their backslash.
                if quote != nil, !"$`\"\\".contains(character) { word.append("\\") }
                word.append(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
            } else {
                word.append(character)
            }
        }
        return word
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "/", ".", "_", "-", "+", ",", ":", "@", "%", "=": true
        default: false
        }
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
        case 0x20..<0x7F: String(UnicodeScalar(byte))
        default: "\\x" + byte.padded(to: 2, radix: 16)
        }
    }
}
