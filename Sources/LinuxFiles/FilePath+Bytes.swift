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
}
