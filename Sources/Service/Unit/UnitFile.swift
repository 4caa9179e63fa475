import LinuxSystem
package import SystemPackage

/// The file of the unit, where systemd looks for those of an administrator or a user (systemd.unit(5), "Unit
/// File Load Path").
package struct UnitFile: Sendable {
    /// Why the file is not changed.
    package enum Failure: Error, Hashable, CustomStringConvertible {
        /// This program did not write it.
        case foreign(FilePath)

        package var description: String {
            switch self {
            case .foreign(let path):
                "\(path.printable) was not written by holdfast install: move it away, or keep it and use systemctl"
            }
        }
    }

    package enum Change: String, Sendable { case installed, updated, unchanged }

    package let path: FilePath

    package init(in directory: FilePath) { path = directory.appending(ServiceUnit.name) }

    /// Throws `Failure`, and `SystemError`.
    package func write(_ unit: ServiceUnit) throws -> Change {
        let former = try text()
        if former == unit.text { return .unchanged }
        try Directory.make(path.removingLastComponent())
        // Others may read it, as all units.
        let directory = try FileStatus.of(path.removingLastComponent()).ownership
        try Directory.replaceFile(
            at: path,
            with: Array(unit.text.utf8),
            ownership: directory.with(permissions: 0o644)
        )
        return former == nil ? .installed : .updated
    }

    /// Whether there is one of this program. Throws `Failure`, and `SystemError`.
    package var isPresent: Bool { get throws { try text() != nil } }

    /// Throws `Failure`, and `SystemError`.
    package func remove() throws { if try isPresent { try Directory.remove(path) } }

    /// Nil if there is no file. Throws `Failure.foreign`, and `SystemError`.
    private func text() throws -> String? {
        guard try FileStatus.unlessMissing(path) != nil else { return nil }
        let bytes = try OpenFile(path, .read).content(upTo: 1 << 20) ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(ServiceUnit.mark) else { throw Failure.foreign(path) }
        return text
    }
}
