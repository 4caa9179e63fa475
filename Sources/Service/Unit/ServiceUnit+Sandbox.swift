import SystemPackage

/// What the watcher may do (systemd.exec(5)). It reads what it protects, and writes to its repository and the
/// directories of copies only.
extension ServiceUnit {
    var sandbox: [String] {
        let calls = [
            "NoNewPrivileges=yes", "LockPersonality=yes", "MemoryDenyWriteExecute=yes",
            "RestrictNamespaces=yes",
            "RestrictRealtime=yes", "RestrictSUIDSGID=yes", "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM",
            "RestrictAddressFamilies=AF_UNIX" + (needsNetwork ? " AF_INET AF_INET6" : ""), "UMask=0077",
        ]
        // Everything else needs privileges that a user's manager does not have everywhere. Systemd 252 passes
        // it over there without a word, or its system calls are not in the filter anyway.
        return scope == .user ? calls : state + copiesPaths + files + privileges + network + calls
    }

    /// Where the repository is.
    private var state: [String] {
        repository == Self.stateDirectory
            ? ["StateDirectory=holdfast", "StateDirectoryMode=0700"]
            : ["ReadWritePaths=\(UnitWord.path(repository))"]
    }

    /// One that is not mounted yet hinders nothing.
    private var copiesPaths: [String] {
        let paths = copies.map { UnitWord.path($0, prefix: "-") }
        return paths.isEmpty ? [] : ["ReadWritePaths=\(paths.joined(separator: " "))"]
    }

    private var files: [String] {
        let roots = roots.map { UnitWord.path($0, prefix: "-") }
        return ["ProtectSystem=strict", "ProtectHome=read-only"]
            + (roots.isEmpty ? [] : ["ReadOnlyPaths=\(roots.joined(separator: " "))"])
            + [
                "PrivateTmp=\(usesTemporaryDirectory ? "no" : "yes")", "PrivateDevices=yes",
                "ProtectProc=invisible", "ProtectKernelTunables=yes", "ProtectKernelModules=yes",
                "ProtectKernelLogs=yes", "ProtectControlGroups=yes", "ProtectClock=yes",
                "ProtectHostname=yes",
            ]
    }

    /// A private directory would hide what is protected.
    private var usesTemporaryDirectory: Bool {
        (roots + copies + [repository, configuration, program]).contains { path in
            ["/tmp", "/var/tmp"].contains { path.starts(with: $0) }
        }
    }

    /// Root without them could not read the files of others, nor run before other programs.
    private var privileges: [String] {
        [
            "CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_NICE", "LimitNOFILE=524288",
            "KeyringMode=private",
        ]
    }

    private var network: [String] {
        needsNetwork ? [] : ["PrivateNetwork=yes", "IPAddressDeny=any"]
    }
}
