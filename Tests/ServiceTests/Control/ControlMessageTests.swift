import History
import RepositoryFormat
import Testing

@testable import Service

@Suite("Control messages")
struct ControlMessageTests {
    @Test(
        "come back as they were sent, on one line",
        arguments: [
            .synchronise(annotations: []), .status, .messages,
            .synchronise(annotations: [
                .tag("a\nb", message: "\"quoted\"\u{1b}"),
                AnnotationRequest(.hold, target: SequenceNumber(.max)),
            ]),
            .forget(RetentionRules()), .forget(RetentionRules(policy: .odd, maximumBytes: .max)),
        ] as [ControlRequest]
    )
    func roundTrip(_ request: ControlRequest) throws {
        let line = try ControlCoding.encode(request)
        #expect(!line.contains(UInt8(ascii: "\n")))
        #expect(try ControlCoding.decode(ControlRequest.self, line) == request)
    }

    @Test(
        "are refused when they are something else",
        arguments: ["", "{}", "[1]", "{\"status\":1}", "{\"erase\":{}}"]
    )
    func garbage(_ text: String) {
        #expect(throws: (any Error).self) { try ControlCoding.decode(ControlRequest.self, Array(text.utf8)) }
    }
}

extension RetentionPolicy {
    fileprivate static let odd: RetentionPolicy = {
        var policy = RetentionPolicy()
        policy.within = .nanoseconds(1)
        policy.last = .max
        policy.tags = ["a/b", "ü"]
        return policy
    }()
}
