import LinuxSystem
import Synchronization
import SystemPackage
import TestSupport

extension Fault {
    /// What a call that makes something durable may fail with.
    static let codes: [Errno] = [.ioError, .noSpace, .interrupted, Errno(rawValue: 122 /* EDQUOT */)]

    /// A call that fails with one of these.
    static func failing(_ random: inout SeededRandom) -> Fault {
        .fails(errno: codes.randomElement(using: &random)!.rawValue)
    }
}

/// Lets the n-th call that passes the seam fail, or all from that one on, and counts them.
final class NthFails: Sendable {
    private let calls = Atomic<Int>(0)
    private let index: Int
    private let fault: Fault
    private let failsOn: Bool

    /// - Parameter failsOn: all that follow fail as well, as when the disk goes or the process ends.
    init(_ index: Int, _ fault: Fault, failsOn: Bool = false) {
        self.index = index
        self.failsOn = failsOn
        self.fault = fault
    }

    var hasFired: Bool { calls.load(ordering: .relaxed) > index }

    func plan(_ point: FaultPoint) -> Fault? {
        let number = calls.add(1, ordering: .relaxed).oldValue
        guard failsOn ? number >= index : number == index else { return nil }
        if case .writesOnly = fault, point != .write { return .fails(errno: Errno.noSpace.rawValue) }
        return fault
    }
}
