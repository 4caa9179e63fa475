import Foundation
import TestSupport
import Testing

/// `install` and `uninstall`, as far as they go without a service manager.
@Suite("Install")
struct InstallTests {
    /// A home directory with a configuration.
    private struct Home {
        let folder: TemporaryDirectory
        var environment: [String: String] { ["HOME": folder.path] }
        var configuration: String { folder.file("config.yaml") }

        init(_ configuration: String) throws {
            folder = try TemporaryDirectory()
            try folder.write(Array(configuration.utf8), to: "config.yaml")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: folder.file("config.yaml")
            )
        }

        func holdfast(_ arguments: String...) throws -> CommandResult {
            try HoldfastProgram.run(arguments, environment: environment)
        }
    }

    @Test("--print shows the unit for the configured and the named roots, and changes nothing")
    func printing() throws {
        let home = try Home("repository: /data/holdfast\nroots: [{path: /srv/a}]\n")
        let before = try home.folder.bytes(of: "config.yaml")
        let result = try home.holdfast(
            "install",
            "--system",
            "--print",
            "/srv/b",
            "--config",
            home.configuration
        )
        #expect(result.status == 0)
        #expect(
            result.stdout.contains(
                "\nExecStart=\(HoldfastProgram.path) watch --config \(home.configuration)\n"
            )
        )
        #expect(result.stdout.contains("\nReadOnlyPaths=-/srv/a -/srv/b\n"))
        #expect(result.stdout.contains("\nReadWritePaths=/data/holdfast\n"))
        #expect(!result.stdout.contains("ExecStopPost="))
        #expect(try home.folder.bytes(of: "config.yaml") == before)
    }

    @Test("alerts of the configuration open the network, and are told of a failed service")
    func alerts() throws {
        let home = try Home("roots: [{path: /srv/a}]\nalerts: [{url: 'https://example.org/x'}]\n")
        let result = try home.holdfast(
            "install",
            "--system",
            "--print",
            "--config",
            home.configuration,
            "--repo",
            "/data/it's"
        )
        #expect(result.stdout.contains("ExecStopPost=\(HoldfastProgram.path) alert stopped --config"))
        #expect(result.stdout.contains(" --repo \"/data/it's\"\n"))
        #expect(!result.stdout.contains("PrivateNetwork"))
    }

    @Test("a user's unit needs no privileges")
    func user() throws {
        let home = try Home("roots: [{path: /srv/a}]\n")
        let result = try home.holdfast("install", "--user", "--print", "--config", home.configuration)
        #expect(result.stdout.contains("\nWantedBy=default.target\n"))
        #expect(result.stdout.contains("\nNoNewPrivileges=yes\n"))
        for privileged in ["ProtectSystem", "CapabilityBoundingSet", "PrivateNetwork", "StateDirectory"] {
            #expect(!result.stdout.contains(privileged), "\(privileged)")
        }
    }

    @Test("a wrong configuration is told before anything is done")
    func wrongConfiguration() throws {
        let home = try Home("rots: []\n")
        let result = try home.holdfast("install", "--user", "--print", "--config", home.configuration)
        #expect(result.status == 64 && result.stderr.contains("did you mean roots?"))
    }

    @Test("there is nothing to uninstall where nothing was installed")
    func nothing() throws {
        let home = try Home("")
        let result = try home.holdfast("uninstall", "--user")
        #expect(result.status == 10 && result.stderr.contains("holdfast.service does not exist"))
    }

    @Test(
        "where systemd does not run, install says so and changes nothing",
        .enabled(if: !FileManager.default.fileExists(atPath: "/run/systemd/system"))
    )
    func withoutSystemd() throws {
        let home = try Home("")
        let before = try home.folder.bytes(of: "config.yaml")
        let result = try home.holdfast("install", "--user", "/srv/a", "--config", home.configuration)
        #expect(result.status == 1 && result.stderr.contains("systemd does not run here"))
        #expect(try home.folder.bytes(of: "config.yaml") == before)
    }
}
