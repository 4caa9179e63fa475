import Service
import Testing

@testable import holdfast

@Suite("The last messages of a process", .serialized)
struct RecentMessagesTests {
    @Test("are as many as fit, the newest last")
    func last() {
        for number in 0..<RecentMessages.most + 50 { RecentMessages.add("message \(number)") }
        let texts = RecentMessages.all.map(\.text).filter { $0.hasPrefix("message ") }
        #expect(RecentMessages.all.count == RecentMessages.most)
        #expect(texts.last == "message \(RecentMessages.most + 49)")
        #expect(texts.first != "message 0")
    }

    @Test("a long one is cut, and what may name something is taken out before that")
    func long() throws {
        let detail = String(repeating: "x", count: RecentMessages.longest)
        RecentMessages.add("damaged (\(detail)); see", details: [detail])
        RecentMessages.add("short (why)", details: ["why"])
        let messages = RecentMessages.all.suffix(2)
        #expect(messages.first?.text == "damaged ((detail)); see" && messages.first?.details == [])
        #expect(messages.last?.text == "short (why)" && messages.last?.details == ["why"])
    }
}
