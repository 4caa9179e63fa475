package import SystemPackage

extension FilePath {
    /// The path's bytes as Linux has them, without a terminator. They need not be UTF-8.
    package var bytes: [UInt8] {
        unsafe withPlatformString { text in
            var bytes: [UInt8] = []
            var index = 0
            while unsafe text[index] != 0 {
                bytes.append(UInt8(bitPattern: unsafe text[index]))
                index += 1
            }
            return bytes
        }
    }

    /// A path from bytes as Linux has them; nil when they hold a NUL.
    package init?(bytes: some Sequence<UInt8>) {
        var terminated = bytes.map { CChar(bitPattern: $0) }
        guard !terminated.contains(0) else { return nil }
        terminated.append(0)
        self = unsafe terminated.withUnsafeBufferPointer { unsafe FilePath(platformString: $0.baseAddress!) }
    }

    /// Whether no component is `..`, nor `.`, if that is refused as well. In one pass: `Component.kind` takes
    /// as long as the path for each component.
    package func staysBelow(refusingDots: Bool) -> Bool {
        bytes.split(separator: UInt8(ascii: "/")).allSatisfy { component in
            guard component.count <= 2, component.allSatisfy({ $0 == UInt8(ascii: ".") }) else { return true }
            return component.count == 1 && !refusingDots
        }
    }

    /// The path without the ASCII text that its last component ends in. Nil if it does not end so, or if
    /// nothing precedes the text.
    package func dropping(suffix: String) -> FilePath? {
        let bytes = bytes
        let ending = Array(suffix.utf8)
        guard bytes.count > ending.count, bytes.suffix(ending.count) == ending[...] else { return nil }
        guard let owner = FilePath(bytes: bytes.dropLast(ending.count)) else { return nil }
        return owner.lastComponent != nil && owner.components.count == components.count ? owner : nil
    }

    /// The path with ASCII text appended to its last component.
    package func appending(suffix: String) -> FilePath {
        FilePath(bytes: bytes + Array(suffix.utf8)) ?? self
    }
}
