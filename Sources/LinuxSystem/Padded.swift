extension UnsignedInteger {
    /// The number in digits of that radix, with zeros before it up to that many digits.
    package func padded(to width: Int, radix: Int = 10) -> String {
        let digits = String(self, radix: radix)
        return String(repeating: "0", count: Swift.max(0, width - digits.utf8.count)) + digits
    }
}
