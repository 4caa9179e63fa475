import Foundation
import TestSupport
import Testing

@testable import Recovery
@testable import holdfast

@Suite("docs/JSON.md")
struct JSONPageTests {
    /// The fields of an object, in their order.
    private static func fields(of object: any JSONLine) throws -> [String] {
        let kinds = try JSONDecoder().decode([String: JSONPage.Kind].self, from: Data(object.json.utf8))
        let fields = try Mirror(reflecting: object).children.map { field in
            let name = field.label!.replacing(#/[A-Z]/#) { "_\($0.output.lowercased())" }
            let kind = try #require(kinds[name], "\(object) has \(name)").rawValue
            let type = "\(type(of: field.value))"
            if type.hasPrefix("Optional") { return "\(name): \(kind)?" }
            return type.hasPrefix("OrNull") ? "\(name): \(kind) or null" : "\(name): \(kind)"
        }
        #expect(fields.count == kinds.count, "\(object)")
        return fields
    }

    @Test("has the fields of each object, in their order and with their types")
    func fields() throws {
        let page = try JSONPage("JSON.md").tables
        #expect(Set(page.keys) == Set(JSONExamples.all.map(\.heading)))
        for (heading, object) in JSONExamples.all {
            #expect(try page[heading] == Self.fields(of: object), "\(heading)")
        }
    }

    @Test("has each object that is declared")
    func objects() throws {
        let folder = JSONPage.project.appendingPathComponent("Sources/holdfast/JSON")
        var declared: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            for match in text.matches(of: #/struct (\w+): JSONLine/#) { declared.insert(String(match.1)) }
        }
        // Its fields are those of a query.
        declared.remove("SQLRow")
        #expect(declared == Set(JSONExamples.all.map { "\(type(of: $0.object))" }))
    }

    @Test(
        "a value of any kind has its text",
        arguments: [
            (SQLValue.integer(.min), "-9223372036854775808"), (.real(0.1), "0.1"), (.real(1e300), "1e+300"),
            (.null, "null"), (.blob([0, 255]), #"{"hex":"00ff"}"#),
            (.text(SQLText(bytes: Array("a\"\\\n\u{1}\u{7f}é".utf8))), #""a\"\\\n\u0001\u007fé""#),
            (.text(SQLText(bytes: [0x63, 0xff])), #"{"text_hex":"63ff"}"#),
        ]
    )
    func values(_ value: SQLValue, _ text: String) {
        #expect(
            SQLRow(["someColumn", "b", "b"], [value, .null, .integer(1)]).json
                == #"{"someColumn":\#(text),"b":1}"#
        )
    }
}
