import LinuxSystem
import SystemPackage

/// Reports the attributes of restored files and directories that could not be restored: one line for each
/// kind, however many files it concerns. The exit status stays as it is.
final class ShortfallReport {
    private struct Kind: Equatable {
        let part: AttributesShortfall.Part
        let code: Errno
    }

    private var found: [(kind: Kind, first: FilePath, count: Int)] = []

    func add(_ shortfall: AttributesShortfall) {
        let kind = Kind(part: shortfall.part, code: shortfall.code)
        if let index = found.firstIndex(where: { $0.kind == kind }) {
            found[index].count += 1
        } else {
            found.append((kind, shortfall.path, 1))
        }
    }

    func tell(_ console: Console) {
        for (kind, first, count) in found {
            let others = count == 1 ? "" : " and \(count - 1) more"
            console.warning("\(Self.text(kind)) \(first.printable)\(others)")
        }
    }

    private static func text(_ kind: Kind) -> String {
        let what =
            switch kind.part {
            case .owner: "the owner"
            case .mode: "the mode"
            case .time: "the time"
            case .extended(let name): FilePath(name).printable
            case .tooManyExtended: "extended attributes of more than \(ExtendedAttribute.mostBytes >> 10) KiB"
            }
        let advice = kind.part == .owner && kind.code == .notPermitted ? ", only root can do that" : ""
        return "could not restore \(what) (\(kind.code)\(advice)):"
    }
}
