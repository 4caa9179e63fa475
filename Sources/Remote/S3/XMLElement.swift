import LinuxSystem

/// An element of an XML document, as far as S3's answers need it: without attributes and name spaces.
struct XMLElement: Hashable {
    let name: String
    /// All text in it, but not in its children.
    fileprivate(set) var text = ""
    fileprivate(set) var children: [XMLElement] = []

    init(_ name: String) { self.name = name }

    /// The text of the first child of that name.
    subscript(_ name: String) -> String? { children.first { $0.name == name }?.text }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// What is no XML, or more of it than any answer of S3 has.
struct XMLFault: Error, Hashable {
    let offset: Int
}

extension XMLElement {
    /// A document is accepted if and only if:
    /// 1. It is UTF-8 and has one root element. Before and after that are only white space, comments and
    ///    processing instructions.
    /// 2. Each start tag has its end tag, no deeper than 8 elements.
    /// 3. It has no document type, and so no entities but the five of XML and numbers of characters.
    init(document bytes: [UInt8]) throws(XMLFault) {
        var reader = XMLReader(bytes: bytes)
        self = try reader.root()
    }
}

private struct XMLReader {
    let bytes: [UInt8]
    private var position = 0
    /// The elements that are open, and before them one that holds the root.
    private var open = [XMLElement("")]
    private static let depth = 8

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var fault: XMLFault { XMLFault(offset: position) }

    mutating func root() throws(XMLFault) -> XMLElement {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        while position < bytes.count {
            if !skip("<") {
                try readText()
            } else if skip("?") {
                _ = try readUntil("?>")
            } else if skip("!--") {
                _ = try readUntil("-->")
            } else if skip("![CDATA[") {
                try add(text: readUntil("]]>"))
            } else if skip("/") {
                try readEndTag()
            } else {
                try readStartTag()
            }
        }
        guard open.count == 1, let root = open[0].children.first else { throw fault }
        return root
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        let text = Array("\(text)".utf8)
        guard bytes[position...].starts(with: text) else { return false }
        position += text.count
        return true
    }

    /// The bytes up to a mark, which is passed over.
    private mutating func readUntil(_ mark: StaticString) throws(XMLFault) -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count {
            let end = position
            if skip(mark) { return bytes[start..<end] }
            position += 1
        }
        throw fault
    }

    private mutating func readName() throws(XMLFault) -> String {
        let start = position
        while position < bytes.count, Self.isNamePart(bytes[position]) { position += 1 }
        guard position > start else { throw fault }
        return try string(bytes[start..<position])
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        byte.isLetterOrDigit || ":_-.".utf8.contains(byte) || byte >= 0x80
    }

    private mutating func readStartTag() throws(XMLFault) {
        let name = try readName()
        // One root, and nothing too deep.
        guard open.count <= Self.depth, open.count > 1 || open[0].children.isEmpty else { throw fault }
        open.append(XMLElement(name))
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            if let mark = quote {
                if byte == mark { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: "<") {
                throw fault
            } else if byte == UInt8(ascii: ">") {
                position += 1
                if bytes[position - 2] == UInt8(ascii: "/") { close() }
                return
            }
            position += 1
        }
        throw fault
    }

    private mutating func readEndTag() throws(XMLFault) {
        let name = try readName()
        let rest = try readUntil(">")
        guard rest.allSatisfy(Self.isSpace), open.count > 1, open[open.count - 1].name == name else {
            throw fault
        }
        close()
    }

    private mutating func close() {
        let element = open.removeLast()
        open[open.count - 1].children.append(element)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private mutating func readText() throws(XMLFault) {
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
        var start = position
        while let ampersand = bytes[start..<end].firstIndex(of: UInt8(ascii: "&")) {
            try add(text: bytes[start..<ampersand])
            position = ampersand + 1
            guard let semicolon = bytes[position..<min(end, position + 10)].firstIndex(of: UInt8(ascii: ";"))
            else {
                throw fault
            }
            let entity = try string(bytes[position..<semicolon])
            guard let character = Self.character(entity) else { throw fault }
            try add(text: Array(String(character).utf8)[...])
            start = semicolon + 1
        }
        position = start
        try add(text: bytes[start..<end])
        position = end
    }

    private static func character(_ entity: String) -> Character? {
        switch entity {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        let isHexadecimal = entity.hasPrefix("#x")
        guard entity.hasPrefix("#"),
            let number = UInt32(entity.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10),
            number > 0
        else { return nil }
        return Unicode.Scalar(number).map(Character.init)
    }

    /// Outside of the root there is only white space.
    private mutating func add(text: ArraySlice<UInt8>) throws(XMLFault) {
        guard open.count > 1 else {
            guard text.allSatisfy(Self.isSpace) else { throw fault }
            return
        }
        open[open.count - 1].text += try string(text)
    }

    private func string(_ bytes: ArraySlice<UInt8>) throws(XMLFault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw fault }
        return text
    }
}
