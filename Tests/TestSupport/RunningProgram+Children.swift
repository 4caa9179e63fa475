import Foundation

extension RunningProgram {
    /// The process that it has started with that argument; nil if none runs.
    package func childProcess(with argument: String) throws -> Int32? {
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            // A process may end meanwhile.
            guard let process = Int32(name),
                let status = try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8),
                Self.field("PPid", of: status) == Int(processID),
                let arguments = FileManager.default.contents(atPath: "/proc/\(name)/cmdline"),
                arguments.split(separator: 0).contains(where: { $0.elementsEqual(argument.utf8) })
            else { continue }
            return process
        }
        return nil
    }

    /// What a process has in memory that is no file's (`RssAnon` in proc(5)).
    package static func anonymousMemoryBytes(of process: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        guard let kibibytes = field("RssAnon", of: status) else {
            throw WaitedInVain(what: "the memory of process \(process)")
        }
        return kibibytes << 10
    }

    /// In kibibytes, or what else the line has.
    static func field(_ name: String, of status: String) -> Int? {
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) }
    }
}
