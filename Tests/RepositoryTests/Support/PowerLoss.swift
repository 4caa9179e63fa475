import Foundation
import LinuxSystem
import Synchronization
import SystemPackage
import TestSupport

/// Follows what a repository's writer has asked the disk to keep, and makes directories as a power loss might
/// leave them: of every file and every name either what was synchronised last, or what came later, or some of
/// both.
///
/// It stands at the seam below every call that writes. At one call, counted from 0, everything fails from
/// then on: there the power goes.
final class PowerLoss: Sendable {
    private struct State {
        var calls = 0
        /// The content of each inode when it was synchronised last.
        var durable: [UInt64: [UInt8]] = [:]
        /// The content that an inode had when its name went.
        var lost: [UInt64: [UInt8]] = [:]
        /// The names in each directory when that was synchronised last.
        var names: [String: [String: UInt64]] = [:]
    }

    private let root: String
    private let lastCall: Int
    private let state: Mutex<State>

    private static let sectorBytes = 512

    /// What is there now counts as durable.
    init(_ root: FilePath, atCall lastCall: Int) throws {
        self.root = root.string
        self.lastCall = lastCall
        var first = State()
        for directory in try Self.directories(in: root.string) {
            let names = try Self.names(in: directory)
            first.names[directory] = names
            for (name, inode) in names { first.durable[inode] = try Self.content("\(directory)/\(name)") }
        }
        state = Mutex(first)
    }

    /// Whether the power has gone.
    var hasHappened: Bool { state.withLock { $0.calls > lastCall } }

    /// The plan for `Faults.arm`.
    func plan(_ point: FaultPoint, _ path: FilePath) -> Fault? {
        state.withLock { state in
            state.calls += 1
            guard state.calls <= lastCall else { return .fails(errno: Errno.ioError.rawValue) }
            try? Self.note(point, path.string, &state)
            return nil
        }
    }

    private static func note(_ point: FaultPoint, _ path: String, _ state: inout State) throws {
        switch point {
        case .synchronise where isDirectory(path): state.names[path] = try names(in: path)
        case .synchronise: state.durable[try inode(path)] = try content(path)
        case .rename, .remove:
            // The name that goes, or comes to stand for another file, may be there again afterwards.
            let directory = String(path[..<path.lastIndex(of: "/")!])
            for (name, inode) in try names(in: directory) {
                state.lost[inode] = try content("\(directory)/\(name)")
            }
        case .open, .write, .truncate, .makeDirectory: break
        }
    }

    /// Makes a copy of the root as the disk might show it afterwards.
    func leave(in copy: String, _ random: inout SeededRandom) throws {
        let state = state.withLock { $0 }
        for directory in try Self.directories(in: root) {
            let target = copy + directory.dropFirst(root.count)
            try FileManager.default.createDirectory(
                atPath: target,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            let (now, before) = (try Self.names(in: directory), state.names[directory] ?? [:])
            for name in Set(now.keys).union(before.keys).sorted() {
                let inode = Bool.random(using: &random) ? now[name] : before[name]
                guard let inode else { continue }
                let isNamed = now[name] == inode
                let latest = isNamed ? try Self.content("\(directory)/\(name)") : state.lost[inode] ?? []
                let bytes = Self.mix(state.durable[inode] ?? [], latest, &random)
                try Data(bytes).write(to: URL(fileURLWithPath: "\(target)/\(name)"))
            }
        }
    }

    /// Old content, new content, or sectors of both.
    private static func mix(_ old: [UInt8], _ new: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return old
        case 1: return new
        default:
            var bytes = [UInt8](repeating: 0, count: Bool.random(using: &random) ? old.count : new.count)
            for start in stride(from: 0, to: bytes.count, by: sectorBytes) {
                let source = Bool.random(using: &random) ? old : new
                let end = min(start + sectorBytes, bytes.count, source.count)
                if start < end { bytes.replaceSubrange(start..<end, with: source[start..<end]) }
            }
            return bytes
        }
    }

    private static func directories(in root: String) throws -> [String] {
        var found = [root]
        for name in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
            if isDirectory("\(root)/\(name)") { found += try directories(in: "\(root)/\(name)") }
        }
        return found
    }

    private static func names(in directory: String) throws -> [String: UInt64] {
        var names: [String: UInt64] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory)
        where !isDirectory("\(directory)/\(name)") {
            names[name] = try inode("\(directory)/\(name)")
        }
        return names
    }

    private static func isDirectory(_ path: String) -> Bool {
        (try? FileStatus.of(FilePath(path)))?.kind == .directory
    }

    private static func inode(_ path: String) throws -> UInt64 {
        try FileStatus.of(FilePath(path)).identity.inode
    }

    private static func content(_ path: String) throws -> [UInt8] { try FilePath(path).content() }
}
