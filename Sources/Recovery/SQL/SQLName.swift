/// A name as SQL compares it: by its bytes, ignoring the case of ASCII letters. A Swift string treats a
/// composed and a decomposed letter as equal.
struct SQLName: Hashable, Comparable, Sendable {
    let text: String
    private let folded: [UInt8]

    init(_ text: String) {
        self.text = text
        folded = text.utf8.map(\.asciiLowercased)
    }

    static func == (one: SQLName, other: SQLName) -> Bool { one.folded == other.folded }

    static func < (one: SQLName, other: SQLName) -> Bool {
        one.folded.lexicographicallyPrecedes(other.folded)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(folded) }
}

extension Dictionary where Key == SQLName {
    subscript(named name: String) -> Value? { self[SQLName(name)] }
}

extension String {
    /// The name, quoted for SQL.
    var sqlName: String { "\"" + replacing("\"", with: "\"\"") + "\"" }

    /// Whether SQL treats the two as one name.
    package func isSameName(as other: String) -> Bool { SQLName(self) == SQLName(other) }
}

extension UInt8 {
    fileprivate var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
