import LinuxSystem

/// An answer to ListObjectsV2. Nil unless it is one.
struct S3List {
    struct Entry: Hashable {
        let key: String
        let sizeBytes: UInt64
        let written: Instant
    }

    let entries: [Entry]
    let hasMore: Bool

    init?(_ document: [UInt8]) {
        guard let root = S3Answer.root(document, "ListBucketResult") else { return nil }
        let isEncoded = S3Answer.isEncoded(root)
        let contents = root.all("Contents")
        entries = contents.compactMap { content in
            guard let key = content["Key"].flatMap({ S3Answer.key($0, isEncoded) }),
                let size = content["Size"].flatMap({ UInt64($0) }),
                let written = content["LastModified"].flatMap(S3Time.answer)
            else { return nil }
            return Entry(key: key, sizeBytes: size, written: written)
        }
        guard entries.count == contents.count else { return nil }
        hasMore = root["IsTruncated"] == "true"
    }
}

/// An answer to ListParts. Nil unless it is one.
struct S3PartList {
    let parts: [UploadedPart]
    /// Where the next page begins; nil for the last one.
    let next: Int?

    init?(_ document: [UInt8]) {
        // Moto has a name of its own.
        let names = ["ListPartsResult", "ListPartsResponse"]
        guard let root = names.lazy.compactMap({ S3Answer.root(document, $0) }).first else { return nil }
        let elements = root.all("Part")
        parts = elements.compactMap { element in
            guard let number = element["PartNumber"].flatMap({ Int($0) }),
                let size = element["Size"].flatMap({ UInt64($0) }), let tag = element["ETag"]
            else { return nil }
            return UploadedPart(number: number, sizeBytes: size, tag: tag)
        }
        guard parts.count == elements.count else { return nil }
        next = root["IsTruncated"] == "true" ? parts.last?.number : nil
    }
}

/// An answer to ListMultipartUploads. Nil unless it is one.
struct S3UploadList {
    struct Marker: Hashable {
        let key: String
        let upload: String
    }

    let uploads: [Marker]
    /// The one after which the next page begins; nil for the last page.
    let next: Marker?

    init?(_ document: [UInt8]) {
        guard let root = S3Answer.root(document, "ListMultipartUploadsResult") else { return nil }
        let isEncoded = S3Answer.isEncoded(root)
        let elements = root.all("Upload")
        uploads = elements.compactMap { element in
            guard let key = element["Key"].flatMap({ S3Answer.key($0, isEncoded) }),
                let id = element["UploadId"]
            else { return nil }
            return Marker(key: key, upload: id)
        }
        guard uploads.count == elements.count else { return nil }
        next = root["IsTruncated"] == "true" ? uploads.last : nil
    }
}

enum S3Answer {
    /// The root of a document, if it has that name.
    static func root(_ document: [UInt8], beginning name: String) -> XMLElement? {
        guard let root = try? XMLElement(document: document), root.name.hasPrefix(name) else { return nil }
        return root
    }

    static func root(_ document: [UInt8], _ name: String) -> XMLElement? {
        guard let root = try? XMLElement(document: document), root.name == name else { return nil }
        return root
    }

    static func isEncoded(_ root: XMLElement) -> Bool { root["EncodingType"] == "url" }

    /// A name as `encoding-type=url` writes it, with `+` for a space. Nil if it is no such text.
    static func key(_ text: String, _ isEncoded: Bool) -> String? {
        guard isEncoded else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
                else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        // Keys may be any UTF-8; what else it is cannot be ours.
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.flatMap { UInt8($0) }
    }

    /// Text as an element may have it.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
