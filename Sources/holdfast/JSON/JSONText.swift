import LinuxSystem

extension JSONLine {
    /// One line of JSON (RFC 8259). Names of fields become snake_case; those that are nil are left out.
    ///
    /// The fields are in the order in which they are declared: people read these lines too, and the columns
    /// of a query have an order. Foundation's encoder keeps none.
    var json: String { json { $0 } }

    /// The same, with other texts in place of those that are values.
    func json(replacing text: (String) -> String) -> String {
        let node = JSONNode()
        node.encode(self)
        return node.text(replacing: text)
    }
}

/// A value on the way to its text.
private final class JSONNode: Encoder, SingleValueEncodingContainer {
    private enum Kind { case single, text, object, array }

    private var kind = Kind.single
    /// A single value, as JSON has it, or a text without quotes.
    private var literal = "null"
    /// Of an object each has a name, of an array none.
    private(set) var children: [(name: String?, value: JSONNode)] = []
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func text(replacing text: (String) -> String) -> String {
        let list = children.map { name, value in
            (name.map { $0.jsonString + ":" } ?? "") + value.text(replacing: text)
        }
        return switch kind {
        case .single: literal
        case .text: text(literal).jsonString
        case .object: "{" + list.joined(separator: ",") + "}"
        case .array: "[" + list.joined(separator: ",") + "]"
        }
    }

    /// Adds a child, which is null as long as nothing is encoded in it.
    func add(_ name: String? = nil) -> JSONNode {
        let child = JSONNode()
        children.append((name, child))
        return child
    }

    func encodeNil() {}

    func encode<Value: Encodable>(_ value: Value) {
        switch value {
        case let text as String: (kind, literal) = (.text, text)
        case let flag as Bool: literal = flag ? "true" : "false"
        case let number as any BinaryInteger: literal = String(describing: number)
        case let number as Double: literal = String(number)
        // Nothing here throws, so nothing of ours does.
        default: try? value.encode(to: self)
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        kind = .object
        return KeyedEncodingContainer(Fields(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        kind = .array
        return Elements(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

private struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    var codingPath: [any CodingKey] { [] }

    private func add(_ key: Key) -> JSONNode {
        node.add(key is ColumnName ? key.stringValue : key.stringValue.snakeCase)
    }

    func encodeNil(forKey key: Key) { _ = add(key) }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) { add(key).encode(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        add(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        add(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { node }
    func superEncoder(forKey key: Key) -> any Encoder { add(key) }
}

private struct Elements: UnkeyedEncodingContainer {
    let node: JSONNode
    var codingPath: [any CodingKey] { [] }
    var count: Int { node.children.count }

    func encodeNil() { _ = node.add() }
    func encode<Value: Encodable>(_ value: Value) { node.add().encode(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        node.add().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.add().unkeyedContainer() }
    func superEncoder() -> any Encoder { node.add() }
}

/// The name of a column, which is written as it is.
struct ColumnName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

extension String {
    /// `imageBytes` as `image_bytes`.
    fileprivate var snakeCase: String {
        reduce(into: "") { result, letter in
            if letter.isUppercase { result += "_" }
            result += letter.lowercased()
        }
    }

    /// A JSON string (RFC 8259, section 7).
    fileprivate var jsonString: String {
        var quoted = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case "\u{0}"..<"\u{20}", "\u{7f}":
                quoted += "\\u" + scalar.value.padded(to: 4, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
