import LinuxSystem
package import SystemPackage

/// A configuration file: where it is, and what it says.
package struct ConfigurationFile: Hashable, Sendable {
    /// Absolute: a watcher that was started in another directory names the same file.
    package let path: FilePath
    /// A file that somebody named must be there.
    private let isNamed: Bool

    static let maximumBytes = 1 << 20

    /// The file that `name` is, else `$HOLDFAST_CONFIG`, else the user's own.
    ///
    /// - Parameter isSystems: take root's, whoever runs this.
    ///
    /// The user's own is `${XDG_CONFIG_HOME:-~/.config}/holdfast/config.yaml` (XDG Base Directory
    /// Specification), for root `/etc/holdfast/config.yaml`. Nil if the user has no home directory.
    package init?(named name: FilePath?, isSystems: Bool = false) {
        isNamed = name != nil || CurrentProcess.environment("HOLDFAST_CONFIG") != nil
        guard let path = name ?? Self.defaultPath(isSystems) else { return nil }
        // Without a working directory it stays as it is, and cannot be read.
        self.path = (try? Directory.absolute(path).lexicallyNormalized()) ?? path
    }

    private static func defaultPath(_ isSystems: Bool) -> FilePath? {
        if let path = CurrentProcess.environment("HOLDFAST_CONFIG") { return FilePath(path) }
        if isSystems || CurrentProcess.userID == 0 { return "/etc/holdfast/config.yaml" }
        // The specification has relative paths ignored.
        if let home = CurrentProcess.environment("XDG_CONFIG_HOME"), FilePath(home).isAbsolute {
            return FilePath(home).appending("holdfast/config.yaml")
        }
        return CurrentProcess.environment("HOME").map {
            FilePath($0).appending(".config/holdfast/config.yaml")
        }
    }

    /// Finds what else is wrong with what could be read.
    package typealias Check = (Configuration) -> [ConfigurationProblem]

    package var isPresent: Bool { FileStatus.ifPresent(path) != nil }

    /// What the file says; nil if there is none and nobody has named it. Throws `ConfigurationError`, and
    /// `SystemError` if it cannot be read.
    package func read(_ check: Check = { _ in [] }) throws -> Configuration? {
        if let configuration = try parsed(check) { return configuration }
        if isNamed { throw ConfigurationError.missing(path) }
        return nil
    }

    /// What the file says; nil if there is none.
    func parsed(_ check: Check = { _ in [] }) throws -> Configuration? {
        guard let (configuration, problems) = try understood(check) else { return nil }
        guard problems.isEmpty else { throw ConfigurationError.invalid(path, problems) }
        return configuration
    }

    /// What is right of the file, and what is wrong with it, by line; nil if there is none. Throws
    /// `ConfigurationError` and `SystemError` if it cannot be read.
    package func understood(
        _ check: Check = { _ in [] }
    ) throws -> (configuration: Configuration, problems: [ConfigurationProblem])? {
        try text().map { Self.understood($0, check) }
    }

    /// The same of a text.
    static func understood(
        _ text: String,
        _ check: Check
    ) -> (configuration: Configuration, problems: [ConfigurationProblem]) {
        let problems = ConfigurationProblems()
        let configuration = Configuration(parsing: text, problems)
        return (configuration, (problems.all + check(configuration)).sorted { $0.line < $1.line })
    }

    /// Nil if there is no file.
    func text() throws -> String? {
        guard let status = try FileStatus.unlessMissing(path) else { return nil }
        guard status.kind == .regular else { throw ConfigurationError.notAFile(path) }
        // The check and the content must be of one file.
        let file = try OpenFile(path, .read)
        try refuseIfForeign(file.status())
        guard let bytes = try file.content(upTo: Self.maximumBytes) else {
            throw ConfigurationError.notAFile(path)
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if let wrong = lines.firstIndex(where: { String(validating: $0, as: UTF8.self) == nil }) {
            let problem = ConfigurationProblem(
                line: wrong + 1,
                message: "is not UTF-8: save the file as UTF-8"
            )
            throw ConfigurationError.invalid(path, [problem])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Only the user who runs this, and root, may say what is done in the user's name.
    private func refuseIfForeign(_ status: FileStatus) throws {
        if status.ownerID != CurrentProcess.userID, status.ownerID != 0 {
            let reason = "belongs to another user: change its owner, or name a file of your own"
            throw ConfigurationError.unsafe(path, reason: reason)
        }
        if status.permissions & 0o022 != 0 {
            let reason = "can be changed by other users: run chmod go-w on it"
            throw ConfigurationError.unsafe(path, reason: reason)
        }
    }
}
