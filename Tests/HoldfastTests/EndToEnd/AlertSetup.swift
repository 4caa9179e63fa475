import Foundation
import TestSupport
import Testing

/// An alert, as a receiver gets it.
struct ToldAlert: Decodable, Equatable {
    let alert: String
    let state: String
    let root: String?
    let path: String?
    let message: String
    let sequence: Int?
}

/// A protected directory, a configuration for it with alerts, and a watcher of it.
final class AlertSetup {
    let protection: Protection
    /// What its programs see of it, besides the usual.
    var environment: [String: String] = [:]
    private(set) var watcher: RunningProgram?
    private var hasReceivers = false

    init(_ sql: String = "CREATE TABLE t(a);") throws { protection = try Protection(sql) }

    deinit { watcher?.kill() }

    var configuration: String { protection.folder.file("config.yaml") }
    /// The command of the configuration appends what it is told to this file.
    var told: String { protection.folder.file("told") }

    /// - Parameters:
    ///   - watch: of the watcher, besides how soon it checks databases.
    ///   - roots: in place of the protected directory.
    func configure(_ settings: String, watch: [String] = [], roots: [String]? = nil) throws {
        let paths = (roots ?? [protection.data]).map { "{path: \($0)}" }.joined(separator: ", ")
        let options = (["check-after: 100ms"] + watch).joined(separator: ", ")
        hasReceivers = settings.hasPrefix("alerts: [{")
        let text = "roots: [\(paths)]\nwatch: {\(options)}\n\(settings)\n"
        try protection.folder.write(Array(text.utf8), to: "config.yaml")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: configuration)
    }

    /// A receiver that appends to the file.
    var appending: String { "{command: [/bin/sh, -c, 'cat >>\(told)']}" }

    /// - Parameter paths: what it watches in place of the roots of the configuration.
    func watch(_ paths: String...) throws {
        watcher = try HoldfastProgram.start(
            ["watch", "--config", configuration] + paths,
            environment: protection.environment.merging(environment) { $1 }
        )
        try watcher?.waitForError { $0.hasPrefix("ready") }
        // One that is killed before is not missed.
        if hasReceivers { try wait(for: "the watcher's alerts") { try isNoted() } }
    }

    /// Whether the repository says of a watcher that it runs.
    private func isNoted() throws -> Bool {
        let repository = protection.folder.file("repository")
        let names = try FileManager.default.contentsOfDirectory(atPath: repository)
        return names.contains { name in
            let content = FileManager.default.contents(atPath: repository + "/" + name) ?? Data()
            return name.hasPrefix("alerts-") && content.contains(Array(#""isWatched":true"#.utf8))
        }
    }

    /// Has the watcher look at once whether something is wrong.
    func reload() { watcher?.signal(SIGHUP) }

    func kill() { watcher?.kill() }

    func stop() throws { #expect(try watcher?.terminate().status == 0) }

    func alerts() throws -> [ToldAlert] {
        guard let content = FileManager.default.contents(atPath: told) else { return [] }
        return try content.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(ToldAlert.self, from: $0)
        }
    }

    /// Waits for an alert of that kind.
    @discardableResult
    func alert(_ kind: String, _ state: String = "firing") throws -> ToldAlert {
        var found: ToldAlert?
        try wait(for: "the alert \(kind) \(state)") {
            found = try alerts().first { $0.alert == kind && $0.state == state }
            return found != nil
        }
        return found!
    }

    func holdfast(_ arguments: String...) throws -> CommandResult {
        try HoldfastProgram.run(
            arguments + ["--config", configuration],
            environment: protection.environment.merging(environment) { $1 }
        )
    }
}
