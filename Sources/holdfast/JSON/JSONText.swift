/// Writes values as JSON text, the fields of an object in the order in which they are declared: people read
/// these lines too, and the columns of a query have an order. Foundation's encoder keeps none.
enum JSONText {
    static func of(_ value: some Encodable) -> String {
        let node = JSONNode(value)
        var text = ""
        node.write(to: &text)
        return text
    }
}

/// A value on the way to its text.
private final class JSONNode {
    /// A single value, as text.
    private var literal = "null"
    private(set) var fields: [(name: String, value: JSONNode)]?
    private(set) var elements: [JSONNode]?

    init() {}

    init(_ value: some Encodable) { encode(value) }

    func encode(_ value: some Encodable) {
        switch value {
        case let text as String: literal = text.jsonString
        case let flag as Bool: literal = flag ? "true" : "false"
        case let number as any BinaryInteger: literal = String(describing: number)
        case let number as Double: literal = String(number)
        // Nothing below throws, so nothing of ours does.
        default: try? value.encode(to: NodeEncoder(node: self))
        }
    }

    func beginObject() { fields = fields ?? [] }
    func beginArray() { elements = elements ?? [] }

    func add(_ name: String, _ value: JSONNode) -> JSONNode {
        fields?.append((name, value))
        return value
    }

    func add(_ value: JSONNode) -> JSONNode {
        elements?.append(value)
        return value
    }

    func write(to text: inout String) {
        if let fields {
            text += "{"
            for (index, field) in fields.enumerated() {
                if index > 0 { text += "," }
                text += field.name.jsonString
                text += ":"
                field.value.write(to: &text)
            }
            text += "}"
        } else if let elements {
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        } else {
            text += literal
        }
    }
}

private struct NodeEncoder: Encoder, SingleValueEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Fields(node))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { Elements(node) }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }
    func encodeNil() {}
    func encode<Value: Encodable>(_ value: Value) { node.encode(value) }
}

private struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
    private let node: JSONNode
    let codingPath: [any CodingKey] = []

    init(_ node: JSONNode) {
        self.node = node
        node.beginObject()
    }

    func encodeNil(forKey key: Key) { _ = add(key, JSONNode()) }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) { _ = add(key, JSONNode(value)) }

    private func add(_ key: Key, _ value: JSONNode) -> JSONNode {
        node.add(key is ColumnName ? key.stringValue : key.stringValue.snakeCase, value)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(Fields<Nested>(add(key, JSONNode())))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        Elements(add(key, JSONNode()))
    }

    func superEncoder() -> any Encoder { NodeEncoder(node: node) }
    func superEncoder(forKey key: Key) -> any Encoder { NodeEncoder(node: add(key, JSONNode())) }
}

private struct Elements: UnkeyedEncodingContainer {
    private let node: JSONNode
    let codingPath: [any CodingKey] = []
    var count: Int { node.elements?.count ?? 0 }

    init(_ node: JSONNode) {
        self.node = node
        node.beginArray()
    }

    func encodeNil() { _ = node.add(JSONNode()) }
    func encode<Value: Encodable>(_ value: Value) { _ = node.add(JSONNode(value)) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(Fields<Nested>(node.add(JSONNode())))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { Elements(node.add(JSONNode())) }
    func superEncoder() -> any Encoder { NodeEncoder(node: node.add(JSONNode())) }
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
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
