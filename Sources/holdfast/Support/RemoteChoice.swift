import LinuxSystem
import Remote
import Settings
import SystemPackage

/// The remotes of the configuration, and those that are given by their URL.
enum RemoteChoice {
    /// All of the configuration, in its order. One that is wrong keeps nobody from using the others, or from
    /// removing it.
    static func all(_ options: GlobalOptions) throws -> [RemoteSettings] {
        try options.configurationFile?.read()?.remotes.map { RemoteSettings($0) } ?? []
    }

    /// The one of that name, else the one at that URL. `option`: which has it, if it is no argument.
    static func named(
        _ text: String,
        _ options: GlobalOptions,
        in option: String? = nil
    ) throws -> RemoteSettings {
        let known = try all(options)
        if let remote = known.first(where: { $0.name == text || $0.url == text }) { return remote }
        if text.contains("://") {
            try Failure.requiringUsage(option) { () throws(RemoteError) in _ = try RemoteAddress(text) }
            return RemoteSettings(url: text)
        }
        let names = known.compactMap(\.name)
        let advice =
            names.isEmpty
            ? "none is configured: \(SuggestedCommand("remote", "add", "NAME", "URL")), or give a URL"
            : didYouMean(names.nearest(to: text)) + "known are \(names.joined(separator: ", "))"
        throw Failure(.notFound, "there is no remote \(text.printable): \(advice)")
    }

    /// What `--remote` says: the one of that name, all where there is no name.
    static func meant(_ text: String, _ options: GlobalOptions) throws -> [RemoteSettings] {
        let remotes = try text.isEmpty ? all(options) : [named(text, options, in: "--remote")]
        guard !remotes.isEmpty else { throw noneIsConfigured }
        return remotes
    }

    static var noneIsConfigured: Failure {
        let advice = SuggestedCommand("remote", "add", "NAME", "URL")
        return Failure(.notFound, "no remote is configured: run \(advice)")
    }
}

extension RemoteSettings {
    init(_ remote: Configuration.Remote) {
        self.init(name: remote.name.value, url: remote.url.value)
        endpoint = remote.endpoint?.value
        region = remote.region?.value
        usesPathStyle = remote.pathStyle?.value
        certificates = remote.certificates?.value
        if let every = remote.every?.value { interval = every }
        uploadLimit = remote.uploadLimit.map { Int(clamping: $0.value) }
        recipients = remote.recipients?.value ?? []
        keyFile = remote.key?.value
    }

    /// For messages. A text that is no address may have a secret.
    var title: String { name ?? (try? RemoteAddress(url))?.description ?? "the remote" }

    /// A message without the title before it, for those who say it themselves.
    func unnamed(_ message: String) -> String {
        message.hasPrefix("\(title): ") ? String(message.dropFirst(title.count + 2)) : message
    }

    /// A message with the command that it advises, to be pasted, where the remote has a name.
    func advising(_ message: String) -> String {
        guard let name else { return message }
        let command = SuggestedCommand("push", name, "--take-over")
        return message.replacing(RemoteError.takeOver, with: "run \(command)")
    }
}

extension Failure {
    init(_ error: RemoteError, of remote: RemoteSettings? = nil) {
        let status: ExitStatus =
            switch error.kind {
            case .otherWriter, .wrongKey: .notOurs
            case .damaged: .damaged
            case .missing, .noSuchRemote: .notFound
            default: .failed
            }
        let title = remote.map { "\($0.title): " } ?? ""
        let isNamed = error.description.hasPrefix(title)
        let message = (isNamed ? "" : title) + error.description
        self.init(status, remote?.advising(message) ?? message)
    }

    /// What was typed wrong ends as such. `option`: which has it, if it is no argument.
    static func requiringUsage(_ option: String?, _ check: () throws(RemoteError) -> Void) throws {
        do throws(RemoteError) {
            try check()
        } catch {
            throw Failure(.wrongUsage, (option.map { "\($0): " } ?? "") + error.description)
        }
    }
}
