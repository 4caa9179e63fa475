extension Substring {
    /// Without white space at both ends.
    var trimmed: String {
        var rest = drop { $0.isWhitespace }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
