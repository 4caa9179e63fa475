import FoundationEssentials
import GRDB

/// The values of a key as people write them.
enum RowKeyText {
    /// The possible meanings, the most likely first.
    static func candidates(_ row: [String]) -> [[DatabaseValue]] {
        [row.map(value), row.map(number)]
    }

    /// A column's affinity converts the text to a number where it has one; `x'00ff'` is a blob.
    private static func value(_ text: String) -> DatabaseValue {
        let bytes = Array(text.utf8)
        guard text.lowercased().hasPrefix("x'"), text.hasSuffix("'"), bytes.count % 2 == 1 else {
            return text.databaseValue
        }
        let digits = text.dropFirst(2).dropLast().compactMap(\.hexDigitValue)
        guard digits.count == bytes.count - 3 else { return text.databaseValue }
        let content = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        return Data(content).databaseValue
    }

    /// For columns without an affinity.
    private static func number(_ text: String) -> DatabaseValue {
        Int64(text)?.databaseValue ?? Double(text)?.databaseValue ?? value(text)
    }

    /// How people write a value of a key; nil if it cannot be written, or would be read as an option or as
    /// another value.
    ///
    /// - Parameter isTyped: whether the column's affinity converts text to the number that it had.
    static func text(of value: SQLValue, isTyped: Bool) -> String? {
        let text: String
        switch value {
        case .integer, .real:
            guard isTyped else { return nil }
            text = value.literal
        case .blob: text = value.literal
        case .text(let stored):
            guard let string = stored.string, self.value(string) == string.databaseValue,
                !stored.bytes.contains(0)
            else { return nil }
            text = string
        case .null: return nil
        }
        return text.isEmpty || text.hasPrefix("-") ? nil : text
    }
}
