import LinuxFiles
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

/// Lets the n-th call that passes the seam fail, and counts them.
final class NthFails: Sendable {
    private let calls = Atomic<Int>(0)
    private let index: Int
    private let fault: Fault

    init(_ index: Int, _ fault: Fault) {
        self.index = index
        self.fault = fault
    }

    var hasFired: Bool { calls.load(ordering: .relaxed) > index }

    func plan(_ point: FaultPoint) -> Fault? {
        let number = calls.add(1, ordering: .relaxed).oldValue
        guard number == index else { return nil }
        if case .writesOnly = fault, point != .write { return .fails(errno: Errno.noSpace.rawValue) }
        return fault
    }
}
