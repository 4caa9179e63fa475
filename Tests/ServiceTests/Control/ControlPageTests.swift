import Foundation
import History
import TestSupport
import Testing

@testable import Service

@Suite("docs/CONTROL.md")
struct ControlPageTests {
    /// One of each kind, with all its fields.
    private static let requests: [ControlRequest] = [
        .synchronise(annotations: []), .forget(RetentionRules()), .status, .watcher, .messages,
        .reload(adding: [], removing: []),
    ]
    private static let answers: [ControlAnswer] = [
        .durable(sequence: 1, time: 1, incomplete: "text", unseen: [:], exclusions: []), .status(status),
        .forgotten(removedSnapshots: 1, freedBytes: 1), .watcher(watcher), .messages([]), .reloaded,
        .failed(reason: "text"),
    ]
    private static let status = WatcherStatus(
        pid: 1,
        isReady: true,
        started: 1,
        trouble: "text",
        quarantines: 1,
        commits: 1,
        coalesced: 1,
        gaps: 1,
        flushes: WatcherStatus.Histogram(bounds: [], counts: [], sum: 0),
        queue: WatcherStatus.Queue(steps: 1, bytes: 1),
        exclusions: [],
        leftOut: [],
        hindered: WatcherStatus.Hindered(count: 1, reasons: []),
        underWay: [],
        sharesDisk: true,
        maximumBytes: 1
    )
    private static let watcher = WatcherDescription(
        pid: 1,
        started: 1,
        configuration: "text",
        roots: [],
        usage: WatcherDescription.Usage(descriptors: 1, descriptorLimit: 1, residentBytes: 1, threads: 1),
        metrics: WatcherDescription.Metrics(address: "text", problem: "text")
    )

    /// The one field of a message, and the fields within.
    private static func content(_ message: some Encodable) throws -> (name: String, fields: Set<String>) {
        let object = try JSONDecoder().decode(
            [String: [String: JSONPage.Kind]].self,
            from: Data(ControlCoding.encode(message))
        )
        let (name, fields) = try #require(object.first)
        return (name, Set(fields.map { "\($0.key): \($0.value.rawValue)" }))
    }

    /// The fields of a structure, as the page has them.
    private static func fields(_ structure: some Encodable) throws -> [String] {
        let kinds = try JSONDecoder().decode(
            [String: JSONPage.Kind].self,
            from: Data(ControlCoding.encode(structure))
        )
        return try Mirror(reflecting: structure).children.map { field in
            let name = try #require(field.label)
            let kind = try #require(kinds[name], "\(name)").rawValue
            return "\(name): \(kind)\("\(type(of: field.value))".hasPrefix("Optional") ? "?" : "")"
        }
    }

    @Test("has each request and each answer with its fields")
    func messages() throws {
        let page = try JSONPage("CONTROL.md")
        var headings: Set<String> = ["status of a root", "watcher", "message"]
        for (kind, message) in Self.requests.map({ ("request", $0 as any Encodable) })
            + Self.answers.map({ ("answer", $0 as any Encodable) })
        {
            let (name, fields) = try Self.content(message)
            headings.insert("\(kind): \(name)")
            let known = page.tables["\(kind): \(name)"] ?? []
            #expect(Set(known.map { $0.hasSuffix("?") ? String($0.dropLast()) : $0 }) == fields, "\(name)")
        }
        #expect(Set(page.headings) == headings)
    }

    @Test("has the fields of a status, a watcher and a message, in their order and with their types")
    func structures() throws {
        let page = try JSONPage("CONTROL.md").tables
        #expect(try page["status of a root"] == Self.fields(Self.status))
        #expect(try page["watcher"] == Self.fields(Self.watcher))
        #expect(try page["message"] == Self.fields(WatcherMessage(text: "text")))
    }
}
