import ArgumentParser
import History
import LinuxSystem
import Remote
import RepositoryFormat
import RepositoryReader

struct RemoteCheckCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check that a remote has all that its newest state needs.",
        discussion: """
            Compares lists of the store with the newest index, without downloads. Where the repository is, also finds that the \
            newest objects are gone. With --read-data, what is stored is also read \
            and compared with its digests: with 1/30 a thirtieth of it, each day another one.

            Exit status: 0 no damage, 1 failed, 4 damage found, 10 there is no such remote, 12 the key does not fit, 64 wrong \
            usage.

            Examples:
              holdfast remote check offsite
              holdfast remote check offsite --read-data 1/30 --key offsite.key
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The remote: its name in the configuration, or its URL.")
    var name: String

    @OptionGroup var remote: RemoteOptions

    @Option(
        defaultAsFlag: DataShare.all,
        parsing: .scanningForValue,
        help: ArgumentHelp("Read the data, or a share of it, as well.", valueName: "1/n"),
        transform: DataShare.init(parsing:)
    )
    var readData: DataShare?

    func perform(_ console: Console) throws -> ExitStatus {
        let settings = remote.settings(try RemoteChoice.named(name, options))
        return try EventLoop.run("remote") { loop in
            let session = RemoteSession(settings, on: loop, console)
            let access = try await session.openForReading()
            return try await session.naming {
                var errors = 0
                let local = (try? options.openRepository().roots().usable) ?? []
                let acknowledged = Dictionary(
                    uniqueKeysWithValues: local.map { ($0.id, ShippingReport.current($0, settings).sequence) }
                )
                let roots = try await access.roots()
                // Those of which all is gone are not among them.
                let gone = acknowledged.filter { $0.value > 0 && !roots.contains($0.key) }.keys.sorted {
                    $0.rawValue < $1.rawValue
                }
                guard !roots.isEmpty || !gone.isEmpty else {
                    throw RemoteError(.missing, "nothing was shipped to it yet")
                }
                for root in roots + gone {
                    let known = SequenceNumber(acknowledged[root] ?? 0)
                    errors += try await check(root, access, known, settings, console)
                }
                return errors == 0 ? .done : .damaged
            }
        }
    }

    /// `acknowledged`: the last snapshot that this machine knows to be there.
    private func check(
        _ root: RootID,
        _ access: RemoteAccess,
        _ acknowledged: SequenceNumber,
        _ settings: RemoteSettings,
        _ console: Console
    ) async throws -> Int {
        let check = RemoteCheck(access.reading(root))
        var findings: [RemoteFinding] = []
        let outcome = try await check.run { findings.append($0) }
        var errors = outcome.errors
        var bytesRead: UInt64 = 0
        if let readData {
            let data = try await check.readData(readData.slice(.now), of: outcome.state) {
                findings.append($0)
            }
            errors += data.errors
            bytesRead = data.bytes
        }
        for finding in findings {
            let line = RemoteFindingLine(
                severity: finding.severity.rawValue,
                object: finding.name.text,
                message: settings.advising(finding.message)
            )
            try console.result(json: line, text: "\(line.severity): \(line.object): \(line.message)")
        }
        let snapshots = outcome.state.lastSequence
        // What keeps it from reading on was said.
        if snapshots < acknowledged, !outcome.isCut {
            errors += 1
            let lost = RemoteFindingLine(
                severity: "error",
                object: "roots/\(root)",
                message: settings.advising(
                    "it had all up to snapshot \(acknowledged), and has only up to \(snapshots): \(RemoteError.takeOver)"
                )
            )
            try console.result(json: lost, text: "error: \(lost.object): \(lost.message)")
        }
        try console.result(
            json: RemoteCheckLine(root: root, errors: errors, snapshots: snapshots, bytesRead: bytesRead),
            text:
                "root \(root) up to snapshot \(snapshots): \(errors == 0 ? "no damage" : Quantity.text(errors, "error"))"
        )
        return errors
    }
}

/// Which part of a remote's data is read in one go.
struct DataShare: Hashable, Sendable {
    let days: UInt64

    static let all = DataShare(days: 1)

    init(days: UInt64) { self.days = days }

    /// `1/30`: a thirtieth.
    init(parsing text: String) throws {
        let parts = text.split(separator: "/")
        guard parts.count == 2, parts[0] == "1", let days = UInt64(parts[1]), 1...3650 ~= days else {
            throw ValidationError("'\(text)' is no share: write 1/30 for a thirtieth")
        }
        self.days = days
    }

    /// Each day another one.
    func slice(_ now: Instant) -> DataSlice {
        let day = UInt64(max(0, now.nanoseconds / 86_400_000_000_000))
        return DataSlice(days: days, day: day)
    }
}
