import LinuxFiles
import Synchronization
import SystemPackage

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
