import Glibc

extension RawSpan {
    /// Whether both hold the same bytes (`memcmp(3)`, about 10 GB/s).
    package func isEqual(to other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        guard byteCount > 0 else { return true }
        return unsafe withUnsafeBytes { left in
            unsafe other.withUnsafeBytes { right in
                unsafe memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0
            }
        }
    }
}
