import Testing

@testable import Remote

@Suite("The XML reader")
struct XMLElementTests {
    private static func read(_ text: String) throws -> XMLElement {
        try XMLElement(document: Array(text.utf8))
    }

    @Test("reads elements, attributes, comments and sections of characters")
    func elements() throws {
        let root = try Self.read(
            """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- a > b --><R xmlns="http://s3/?a>b" x='"'>
              <A>1</A><A>2<!-- 3 --></A><B/><C ><![CDATA[<&]]></C></R >
            """
        )
        #expect(root.name == "R")
        #expect(root.all("A").map(\.text) == ["1", "2"])
        #expect(root["B"] == "")
        #expect(root["C"] == "<&")
        #expect(root["D"] == nil)
    }

    @Test("replaces the entities of XML and numbers of characters")
    func entities() throws {
        #expect(try Self.read("<a>&lt;&gt;&amp;amp;&quot;&apos;&#228;&#xE4;</a>").text == "<>&amp;\"'ää")
    }

    @Test(
        "refuses what is no document, or one that no store sends",
        arguments: [
            "", " ", "a", "<a>", "</a>", "<a></b>", "<a/><b/>", "<a/>x", "x<a/>", "<a", "<a b='", "<a><",
            "<>",
            "<a>&b;</a>", "<a>&amp</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#99999999999;</a>",
            "<a>&;</a>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a><!-- </a>", "<a><![CDATA[ </a>", "<?xml <a/>",
            String(repeating: "<a>", count: 9) + String(repeating: "</a>", count: 9),
            String(repeating: "<a>", count: 100_000),
        ]
    )
    func refused(text: String) {
        #expect(throws: XMLFault.self) { try Self.read(text) }
    }

    @Test("refuses text that is no UTF-8")
    func encoding() {
        #expect(throws: XMLFault.self) {
            try XMLElement(document: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8))
        }
    }

    @Test("refuses every beginning of a document, and survives every changed byte")
    func mutations() throws {
        let document = Array("<?xml?><a b='c'><d>&amp;<![CDATA[e]]></d><!--f--><g/></a>".utf8)
        _ = try XMLElement(document: document)
        for count in document.indices {
            #expect(throws: XMLFault.self) { try XMLElement(document: Array(document[..<count])) }
        }
        for index in document.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = document
                changed[index] = byte
                _ = try? XMLElement(document: changed)
            }
        }
    }
}
