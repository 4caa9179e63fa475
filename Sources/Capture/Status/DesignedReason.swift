import LinuxSystem
import SystemPackage

/// Why something under a root is left out that is no fault of anybody.
enum DesignedReason: Hashable {
    /// A symbolic link: it may lead anywhere.
    case link
    /// A repository of Holdfast, or a part of one.
    case repository
    /// A directory to which holdfast ships: captured, it would be shipped into itself without end.
    case remote
    /// A file system that the kernel makes up, by its name.
    case fileSystem(String)
    /// A pipe, socket or device: it has no content of its own, and opening it has effects.
    case special(FileStatus.Kind)

    /// Why a thing of that kind is left out; nil for files and directories.
    init?(_ kind: FileStatus.Kind) {
        switch kind {
        case .regular, .directory: return nil
        case .symbolicLink: self = .link
        case .pipe, .socket, .device: self = .special(kind)
        }
    }

    var isSpecial: Bool { if case .special = self { true } else { false } }
}

/// Things under a root that are left out for one reason.
package struct LeftOut: Sendable, Hashable {
    /// Whether it hinders the protection.
    package let isTrouble: Bool
    package let count: Int
    /// The first of them, by name.
    package let examples: [String]
    /// What happened and what to do, on one line.
    package let text: String

    private static let maximumExamples = 3

    private init(isTrouble: Bool, _ names: [String], _ text: String) {
        self.isTrouble = isTrouble
        count = names.count
        examples = Array(names.prefix(Self.maximumExamples))
        self.text = text
    }

    /// Why a file or directory cannot be captured.
    package struct Obstacle: Sendable, Hashable {
        let reason: String
        /// Other permissions would help.
        let isForbidden: Bool

        init(_ error: any Error) {
            reason = "\(error)"
            isForbidden = (error as? SystemError)?.isForbidden ?? false
        }
    }

    /// Files or directories that could not be captured, by path.
    static func unreadable(_ obstacles: [String: Obstacle]) -> [LeftOut] {
        let groups = Dictionary(grouping: obstacles.sorted { $0.key < $1.key }) { path, obstacle in
            // The same call on another path is the same reason.
            obstacle.reason.replacing(path, with: "")
        }
        return groups.values.map { (group: [(key: String, value: Obstacle)]) -> LeftOut in
            let paths = group.map(\.key)
            return LeftOut(isTrouble: true, paths, text(group[0].value, paths))
        }.sorted { $0.text < $1.text }
    }

    private static func text(_ obstacle: Obstacle, _ paths: [String]) -> String {
        guard paths.count > 1 else {
            return
                "\(obstacle.reason): it is left out\(obstacle.isForbidden ? ": change its permissions" : "")"
        }
        let code = obstacle.reason.split(separator: ": ").last.map(String.init) ?? obstacle.reason
        return "\(paths.count) files or directories cannot be captured (\(code)), \(examples(paths)): "
            + "they are left out\(obstacle.isForbidden ? ": change their permissions" : "")"
    }

    /// What is left out by design. `databases`: where links lead that lead to databases.
    static func designed(_ reasons: [FilePath: DesignedReason], databases: [FilePath: FilePath]) -> [LeftOut]
    {
        let groups = Dictionary(grouping: reasons.filter { databases[$0.key] == nil }, by: \.value)
        let grouped = groups.map { reason, paths in
            let names = paths.map(\.key.printable).sorted()
            return LeftOut(isTrouble: false, names, text(reason, names))
        }
        let links = databases.filter { reasons[$0.key] != nil }.map { link, target in
            let text =
                "\(link.printable) is a symbolic link to a database outside: it is not followed; protect "
                + "\(target.printable) itself with \(SuggestedCommand("watch", target))"
            return LeftOut(isTrouble: false, [link.printable], text)
        }
        return links.sorted { $0.text < $1.text } + grouped.sorted { $0.text < $1.text }
    }

    private static func text(_ reason: DesignedReason, _ names: [String]) -> String {
        let (one, many, advice) =
            switch reason {
            case .link:
                (
                    "is a symbolic link", "symbolic links",
                    "not followed: name what is to be protected to \(SuggestedCommand("watch", "PATH"))"
                )
            case .repository:
                (
                    "is a repository of holdfast", "repositories of holdfast",
                    "left out: copy it for a second copy"
                )
            case .remote:
                (
                    "is a remote of holdfast", "remotes of holdfast",
                    "left out: keep it on another disk"
                )
            case .fileSystem(let name):
                (
                    "is on \(name), which the kernel makes up",
                    "places on \(name), which the kernel makes up", "left out"
                )
            case .special(.pipe): ("is a pipe", "pipes", "left out")
            case .special(.socket): ("is a socket", "sockets", "left out")
            case .special: ("is a device", "devices", "left out")
            }
        if names.count == 1 { return "\(names[0]) \(one): \(advice)" }
        return "\(names.count) \(many), \(examples(names)): \(advice)"
    }

    private static func examples(_ names: [String]) -> String {
        let shown = names.prefix(maximumExamples).joined(separator: ", ")
        return names.count > maximumExamples ? "such as \(shown)" : shown
    }
}
