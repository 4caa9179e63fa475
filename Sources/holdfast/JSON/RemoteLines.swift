import LinuxSystem
import Remote
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// `remote add`, `remote list`, `remote remove`.
struct RemoteLine: JSONLine {
    let name: String?
    let url: String
    let encrypted: Bool
    let action: String?

    init(_ remote: RemoteSettings, action: String? = nil) {
        (name, url, self.action) = (remote.name, remote.url, action)
        encrypted = remote.isEncrypted
    }
}

/// `push`: what was shipped of a root.
struct PushLine: JSONLine {
    let remote: String
    let root: String
    let sequence: SequenceNumber
    let batches: Int
    let bytes: UInt64
    let requests: Int

    init(remote: String, root: RootDescription, _ shipment: Shipment) {
        (self.remote, self.root, sequence) = (remote, root.path.string, shipment.sequence)
        (batches, bytes, requests) = (shipment.batches, shipment.bytes, shipment.requests)
    }
}

/// `adopt`: a root whose history is there now.
struct AdoptLine: JSONLine {
    let root: String
    let repository: String
    let sequence: SequenceNumber

    init(root: RootDescription, repository: FilePath, sequence: SequenceNumber) {
        (self.root, self.repository, self.sequence) = (root.path.string, repository.string, sequence)
    }
}

/// `key generate`, `key show`.
struct RecipientLine: JSONLine {
    let recipient: String
}

/// `key rewrap`: data keys.
struct RewrapLine: JSONLine {
    let remote: String
    let written: Int
    let unchanged: Int
    let failed: Int
}

/// `remote check`: a finding.
struct RemoteFindingLine: JSONLine {
    let severity: String
    let object: String
    let message: String
}

/// `remote check`: a root.
struct RemoteCheckLine: JSONLine {
    let summary = true
    let root: String
    let errors: Int
    let snapshots: SequenceNumber
    let bytesRead: UInt64

    init(root: RootID, errors: Int, snapshots: SequenceNumber, bytesRead: UInt64) {
        (self.root, self.errors, self.snapshots) = ("\(root)", errors, snapshots)
        self.bytesRead = bytesRead
    }
}

/// `remote prune`: a root.
struct RemotePruneLine: JSONLine {
    let root: String
    let dryRun: Bool
    let removed: Int
    let bytes: UInt64
    let kept: Int
    let reason: String?
}

/// `remote prune`: the keys of an encrypted remote.
struct KeyPruneLine: JSONLine {
    let dryRun: Bool
    let keysRemoved: Int
    let bytes: UInt64
    let kept: Int
    let reason: String?
}

extension KeyPruneLine {
    init(_ outcome: KeyPrune.Outcome, isDryRun: Bool) {
        self.init(
            dryRun: isDryRun,
            keysRemoved: outcome.removed.objects,
            bytes: outcome.removed.bytes,
            kept: outcome.kept.objects,
            reason: outcome.reason
        )
    }
}

extension RemotePruneLine {
    init(root: RootID, _ outcome: RemotePrune.Outcome, isDryRun: Bool) {
        let parts = [outcome.indexes, outcome.batches, outcome.data]
        self.init(
            root: "\(root)",
            dryRun: isDryRun,
            removed: parts.reduce(0) { $0 + $1.objects },
            bytes: parts.reduce(0) { $0.addingSaturated($1.bytes) },
            kept: outcome.kept.objects,
            reason: outcome.reason
        )
    }
}

extension RewrapLine {
    init(remote: String, _ result: KeyObjects.Rewrapped) {
        self.init(
            remote: remote,
            written: result.written.count,
            unchanged: result.unchangedCount,
            failed: result.failed.count
        )
    }
}
