import LinuxSystem
import SystemPackage

/// Reports the attributes of restored files and directories that could not be restored: one line for each
/// kind, however many files it concerns. The exit status stays as it is.
final class ShortfallReport {
    private var found: [(first: AttributesShortfall, count: Int)] = []

    func add(_ shortfall: AttributesShortfall) {
        let known = found.firstIndex { $0.first.part == shortfall.part && $0.first.code == shortfall.code }
        if let known {
            found[known].count += 1
        } else {
            found.append((shortfall, 1))
        }
    }

    func tell(_ console: Console) {
        for (first, count) in found {
            let others = count == 1 ? "" : " and \(count - 1) more"
            console.warning("\(Self.text(first)) \(first.path.printable)\(others)")
        }
    }

    private static func text(_ shortfall: AttributesShortfall) -> String {
        let what =
            switch shortfall.part {
            case .owner: "the owner"
            case .mode: "the mode"
            case .time: "the time"
            case .extended(let name): FilePath(name).printable
            case .tooManyExtended: "extended attributes of more than \(ExtendedAttribute.mostBytes >> 10) KiB"
            }
        let isForRoot = shortfall.part == .owner && shortfall.code == .notPermitted
        return "could not restore \(what) (\(shortfall.code)\(isForRoot ? ", only root can do that" : "")):"
    }
}
