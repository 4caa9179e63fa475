import Glibc
package import SystemPackage

/// What a program was called with. Arguments are bytes, and a `String` holds only Unicode. All other bytes
/// are escaped, so that any path can be given.
package enum Arguments {
    /// All but the program's name. A byte that is not UTF-8 becomes `escape` and the scalar `base` + byte.
    package static var all: [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            guard let text = unsafe CommandLine.unsafeArgv[index] else { return nil }
            let bytes = unsafe UnsafeBufferPointer(start: text, count: strlen(text))
            return escaped(unsafe bytes.map { UInt8(bitPattern: $0) })
        }
    }

    /// A noncharacter: no text has it.
    private static let escape: Unicode.Scalar = "\u{10FFFF}"
    private static let base: UInt32 = 0x100

    static func escaped(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &rest) {
            case .valid(let encoded):
                text.append(Unicode.UTF8.decode(encoded))
                offset += encoded.count
            case .error(let length):
                for byte in bytes[offset..<offset + length] {
                    text.append(escape)
                    text.append(Unicode.Scalar(base + UInt32(byte))!)
                }
                offset += length
            case .emptyInput: return String(text)
            }
        }
    }

    static func bytes(_ argument: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var scalars = argument.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            if scalar == escape, let next = scalars.first, (base + 0x80...base + 0xFF).contains(next.value) {
                bytes.append(UInt8(next.value - base))
                scalars.removeFirst()
            } else {
                bytes += UTF8.encode(scalar)!
            }
        }
        return bytes
    }
}

extension Arguments {
    /// The argument for people: bytes that are not UTF-8 become U+FFFD.
    package static func text(_ argument: String) -> String {
        String(decoding: bytes(argument), as: UTF8.self)
    }
}

extension FilePath {
    /// The path as an argument, byte for byte.
    package var argument: String { Arguments.escaped(bytes) }

    /// The path that an argument of `Arguments` names.
    package init(argument: String) {
        self = FilePath(bytes: Arguments.bytes(argument)) ?? FilePath(argument)
    }
}
