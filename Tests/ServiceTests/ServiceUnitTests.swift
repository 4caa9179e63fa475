import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Service

/// The unit as systemd's own tools read it.
@Suite("The unit for systemd")
struct ServiceUnitTests {
    private func unit(
        _ scope: ServiceUnit.Scope = .system,
        program: FilePath = "/bin/true",
        repository: FilePath = ServiceUnit.stateDirectory,
        roots: [FilePath] = ["/srv/app/.devteam"],
        copies: [FilePath] = [],
        needsNetwork: Bool = false
    ) -> ServiceUnit {
        ServiceUnit(
            scope,
            program: program,
            configuration: "/etc/holdfast/config.yaml",
            repository: repository,
            namesRepository: true,
            roots: roots,
            copies: copies,
            needsNetwork: needsNetwork,
            hasAlerts: true
        )
    }

    /// Runs systemd-analyze(1) on the unit.
    private func analyze(_ unit: ServiceUnit, _ arguments: String...) throws -> CommandResult {
        let folder = try TemporaryDirectory()
        let file = try folder.write(Array(unit.text.utf8), to: ServiceUnit.name)
        let scope = unit.scope == .user ? ["--user"] : []
        return try Command.run(
            "systemd-analyze",
            scope + arguments + [file],
            environment: HoldfastProgram.environment(["HOME": folder.path, "XDG_RUNTIME_DIR": folder.path])
        )
    }

    @Test(
        "systemd finds nothing wrong with it, whatever is in the paths",
        arguments: [ServiceUnit.Scope.system, .user]
    )
    func verify(_ scope: ServiceUnit.Scope) throws {
        let odd: FilePath = "/srv/it's \"50 %h\" $HOME \\ ü"
        let unit = unit(
            scope,
            repository: odd.appending("repository"),
            roots: [odd, "/srv/-a;b#c"],
            copies: [odd.appending("copy"), "/mnt/nas"]
        )
        #expect(unit.text.contains(" -/mnt/nas\n") == (scope == .system))
        let result = try analyze(unit, "--man=no", "verify")
        #expect(result.status == 0 && result.stderr.isEmpty && result.stdout.isEmpty, "\(result)")
    }

    @Test("what it exposes is at most 3.0 of 10, without a network and with one", arguments: [false, true])
    func security(_ needsNetwork: Bool) throws {
        let result = try analyze(
            unit(needsNetwork: needsNetwork),
            "security",
            "--offline=true",
            "--threshold=30",
            "--no-pager"
        )
        #expect(result.status == 0, "\(result)")
    }

    @Test("only the repository can be written, and the network is gone unless it is needed")
    func sandbox() {
        let text = unit().text
        for line in [
            "ProtectSystem=strict", "StateDirectory=holdfast", "PrivateNetwork=yes", "PrivateTmp=yes",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
        #expect(text.contains("\nReadOnlyPaths=-/srv/app/.devteam\n"))
        #expect(!text.contains("ReadWritePaths"))
        let other = unit(repository: "/data/holdfast", roots: ["/tmp/a"], needsNetwork: true).text
        #expect(other.contains("\nReadWritePaths=/data/holdfast\n") && !other.contains("StateDirectory"))
        #expect(other.contains("\nPrivateTmp=no\n") && !other.contains("PrivateNetwork"))
    }

    /// Of what a unit has besides, a user's manager makes nothing, and a reader would rely on it.
    @Test("a user's unit has all that the manager of a user can do, and nothing else")
    func userSandbox() {
        let (own, machine) = (unit(.user), unit(.system))
        #expect(machine.sandbox.suffix(own.sandbox.count) == own.sandbox[...])
        for need in ["Private", "Protect", "ReadOnly", "ReadWrite", "State", "Capability", "IPAddress"] {
            #expect(!own.sandbox.contains { $0.hasPrefix(need) }, "\(need)")
        }
        for line in ["NoNewPrivileges=yes", "SystemCallFilter=@system-service", "UMask=0077"] {
            #expect(own.sandbox.contains(line))
        }
        #expect(own.sandbox.contains("RestrictAddressFamilies=AF_UNIX"))
        let networked = unit(.user, needsNetwork: true).sandbox
        #expect(networked.contains("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"))
    }

    @Test("a file of somebody else is not replaced, nor removed")
    func foreign() throws {
        let folder = try TemporaryDirectory()
        let file = UnitFile(in: FilePath(folder.path))
        #expect(try file.write(unit()) == .installed)
        #expect(try file.write(unit()) == .unchanged)
        #expect(try file.write(unit(needsNetwork: true)) == .updated)
        #expect(try file.isPresent)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path.string)
        #expect(attributes[.posixPermissions] as? Int == 0o644)
        try file.remove()
        #expect(try !file.isPresent)

        let text = Array("[Service]\nExecStart=/bin/true\n".utf8)
        try folder.write(text, to: ServiceUnit.name)
        #expect(throws: UnitFile.Failure.foreign(file.path)) { try file.write(unit()) }
        #expect(throws: UnitFile.Failure.foreign(file.path)) { try file.remove() }
        #expect(try folder.bytes(of: ServiceUnit.name) == text)
    }
}

@Suite("The line for the service manager")
struct WatchSummaryTests {
    private func root(
        _ path: String,
        _ state: WatcherDescription.State,
        _ reason: String? = nil
    )
        -> WatcherDescription.Root
    {
        WatcherDescription.Root(path: path, state: state, reason: reason)
    }

    @Test("says how many roots are protected, and what is wrong with the first that is not")
    func text() {
        #expect(WatchSummary([root("/a", .ready)]).text == "protecting 1 root")
        #expect(WatchSummary([root("/a", .ready), root("/b", .ready)]).text == "protecting 2 roots")
        #expect(
            WatchSummary([root("/a", .ready), root("/b", .starting), root("/c", .waiting, "it is gone")]).text
                == "protecting 1 of 3 roots; 1 being captured for the first time; /c: it is gone"
        )
        #expect(
            WatchSummary([root("/a", .ready, "disk full")]).text == "protecting 0 of 1 root; /a: disk full"
        )
    }
}
