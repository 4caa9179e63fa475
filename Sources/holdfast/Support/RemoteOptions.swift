import ArgumentParser
import LinuxSystem
import Remote
import SystemPackage

/// How a remote is reached that is given by its URL.
struct RemoteOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server, unless it is that of AWS.", valueName: "url"))
    var endpoint: String?

    @Option(help: ArgumentHelp("The region. (default: $AWS_REGION)", valueName: "name"))
    var region: String?

    @Flag(help: "The bucket is in the path, not in the host's name. (default with --endpoint)")
    var pathStyle = false

    @Option(
        name: .customLong("ca-file"),
        help: ArgumentHelp("Trust the authorities in this file instead of the system's.", valueName: "file"),
        completion: .file(extensions: ["pem", "crt"])
    )
    var certificates: String?

    @Option(
        help: ArgumentHelp("The file with the secret key, if the remote is encrypted.", valueName: "file"),
        completion: .file()
    )
    var key: String?

    @Flag(help: "Read the state before a batch that is missing or damaged.")
    var beforeDamage = false

    /// What can be no server and no region is found before a remote is begun, or looked for.
    mutating func validate() throws {
        do throws(RemoteError) {
            if let endpoint { _ = try S3Location.checked(endpoint: endpoint) }
        } catch {
            throw ValidationError("--endpoint: \(error)")
        }
        do throws(RemoteError) {
            if let region { try S3Location.check(region: region) }
        } catch {
            throw ValidationError("--region: \(error)")
        }
    }

    /// With an option that was given, that instead of what the settings say.
    func settings(_ settings: RemoteSettings) -> RemoteSettings {
        var settings = settings
        if let endpoint { settings.endpoint = endpoint }
        if let region { settings.region = region }
        if pathStyle { settings.usesPathStyle = true }
        if let certificates { settings.certificates = FilePath(argument: certificates) }
        if beforeDamage { settings.readsBeforeDamage = true }
        if let key { settings.keyFile = FilePath(argument: key) }
        return settings
    }

    /// Those that were given, for a command that is suggested.
    var words: [any SuggestedWord] {
        let values = [
            ("--endpoint", endpoint), ("--region", region), ("--ca-file", certificates), ("--key", key),
        ]
        let flags = [("--path-style", pathStyle), ("--before-damage", beforeDamage)]
        return values.flatMap { option, value in value.map { [option, $0] } ?? [] }
            + flags.filter(\.1).map(\.0)
    }
}
