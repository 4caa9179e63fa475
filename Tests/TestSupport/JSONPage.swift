package import Foundation

/// A page of `docs/` that names the fields of JSON objects.
package struct JSONPage {
    /// The fields of each table that has some, as `name: type`, by their headings.
    package private(set) var tables: [String: [String]] = [:]
    /// All headings of the second level.
    package private(set) var headings: [String] = []

    package static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A type of JSON, as a page names it.
    package enum Kind: String, Decodable {
        case null, boolean, number, string, array, object

        package init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if (try? value.decode(Bool.self)) != nil {
                self = .boolean
            } else if (try? value.decode(Double.self)) != nil {
                self = .number
            } else if (try? value.decode(String.self)) != nil {
                self = .string
            } else {
                self = (try? value.decode([Kind].self)) == nil ? .object : .array
            }
        }
    }

    package init(_ name: String) throws {
        let file = Self.project.appendingPathComponent("docs/\(name)")
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("## ") { headings.append(String(line.dropFirst(3))) }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count > 2, cells[0].hasPrefix("`") else { continue }
            tables[headings.last ?? "", default: []].append("\(cells[0].dropFirst().dropLast()): \(cells[1])")
        }
    }
}
