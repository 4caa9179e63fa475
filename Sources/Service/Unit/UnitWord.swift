import LinuxSystem
import SystemPackage

/// A word of a unit file (systemd.syntax(7), "Quoting").
enum UnitWord {
    /// A path, in quotes if it needs them. Specifiers (`%h`) in it mean nothing.
    ///
    /// - Parameter prefix: what systemd.exec(5) has before a path, as the `-` of one that may be missing.
    static func path(_ path: FilePath, prefix: String = "") -> String {
        let bytes = Array(prefix.utf8) + path.bytes
        guard !bytes.allSatisfy(isPlain) else { return String(decoding: bytes, as: UTF8.self) }
        let escaped = bytes.flatMap { Self.escaped($0) }
        return "\"" + String(decoding: escaped, as: UTF8.self) + "\""
    }

    /// The same as a word of a command line, where variables mean nothing either (systemd.service(5),
    /// "Command lines").
    static func argument(_ path: FilePath) -> String { Self.path(path).replacing("$", with: "$$") }

    private static func isPlain(_ byte: UInt8) -> Bool {
        let character = Character(Unicode.Scalar(byte))
        return character.isASCII
            && (character.isLetter || character.isNumber || "/._-+:@".contains(character))
    }

    /// Lists of paths know no other escapes (systemd.exec(5)).
    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "%"): [byte, byte]
        default: [byte]
        }
    }
}
