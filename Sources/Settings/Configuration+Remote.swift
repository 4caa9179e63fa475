import History
package import SystemPackage
import Yams

extension Configuration {
    /// A place off the machine where a copy is kept.
    package struct Remote: Hashable, Sendable {
        /// `remotes[2]`, for messages; empty for one that is in no file.
        package let place: String
        package let name: Setting<String>
        package let url: Setting<String>
        package internal(set) var endpoint: Setting<String>?
        package internal(set) var region: Setting<String>?
        package internal(set) var pathStyle: Setting<Bool>?
        /// The certificates of authorities that are trusted instead of the system's.
        package internal(set) var certificates: Setting<FilePath>?
        /// How long changes are collected under load.
        package internal(set) var every: Setting<Duration>?
        /// Bytes a second.
        package internal(set) var uploadLimit: Setting<UInt64>?
        /// Who can read the copy; with none it is not encrypted.
        package internal(set) var recipients: Setting<[String]>?
        /// The file with the secret keys, for reading.
        package internal(set) var key: Setting<FilePath>?

        package init(name: String, url: String) {
            place = ""
            self.name = Setting(value: name, line: 0)
            self.url = Setting(value: url, line: 0)
        }
    }
}

extension Configuration.Remote {
    init?(_ node: Node, named place: String, _ problems: ConfigurationProblems) {
        guard var reader = MappingReader(node, named: place, problems) else { return nil }
        let name = reader.required("name", .name)
        let url = reader.required("url", .remoteURL)
        let endpoint = reader.setting("endpoint", .server)
        let region = reader.setting("region", .name)
        let pathStyle = reader.setting("path-style", .truth)
        let certificates = reader.setting("ca-file", .path)
        let every = reader.setting("every", .duration(in: .seconds(1)...(.seconds(86_400))))
        let uploadLimit = reader.setting("limit-upload", .positiveByteCount)
        let recipients = reader.setting("recipients", .recipients)
        let key = reader.setting("key", .path)
        reader.finish()
        guard let name, let url else { return nil }
        (self.place, self.name, self.url) = (place, name, url)
        (self.endpoint, self.region, self.pathStyle) = (endpoint, region, pathStyle)
        (self.certificates, self.every, self.uploadLimit) = (certificates, every, uploadLimit)
        (self.recipients, self.key) = (recipients, key)
    }

    /// Each setting with its key, as a configuration file has it.
    package var settings: [(key: String, value: String, line: Int)] {
        var settings = [("name", YAMLScalar.text(name.value), name.line)]
        settings.append(("url", YAMLScalar.text(url.value), url.line))
        if let endpoint { settings.append(("endpoint", YAMLScalar.text(endpoint.value), endpoint.line)) }
        if let region { settings.append(("region", YAMLScalar.text(region.value), region.line)) }
        if let pathStyle { settings.append(("path-style", "\(pathStyle.value)", pathStyle.line)) }
        if let certificates {
            settings.append(("ca-file", YAMLScalar.text(certificates.value.string), certificates.line))
        }
        if let every { settings.append(("every", Quantity.shortText(every.value), every.line)) }
        if let uploadLimit {
            let text = Quantity.shortText(bytes: uploadLimit.value)
            settings.append(("limit-upload", text, uploadLimit.line))
        }
        if let recipients {
            let texts = recipients.value.map(YAMLScalar.text).joined(separator: ", ")
            settings.append(("recipients", "[\(texts)]", recipients.line))
        }
        if let key { settings.append(("key", YAMLScalar.text(key.value.string), key.line)) }
        return settings
    }

    /// As a mapping in one line.
    var yaml: String { "{\(settings.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}" }

    /// Options of a command, where they were given.
    package mutating func set(
        endpoint: String?,
        region: String?,
        usesPathStyle: Bool,
        certificates: FilePath?,
        every: Duration?,
        uploadLimit: UInt64? = nil,
        recipients: [String],
        key: FilePath?
    ) {
        self.endpoint = endpoint.map { Setting(value: $0, line: 0) }
        self.region = region.map { Setting(value: $0, line: 0) }
        pathStyle = usesPathStyle ? Setting(value: true, line: 0) : nil
        self.certificates = certificates.map { Setting(value: $0, line: 0) }
        self.every = every.map { Setting(value: $0, line: 0) }
        self.uploadLimit = uploadLimit.map { Setting(value: $0, line: 0) }
        self.recipients = recipients.isEmpty ? nil : Setting(value: recipients, line: 0)
        self.key = key.map { Setting(value: $0, line: 0) }
    }
}
