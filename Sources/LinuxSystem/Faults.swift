import Glibc
import Synchronization
package import SystemPackage

/// The system calls of the repository that a test can make fail. Every write, fsync, rename, truncate and
/// open that a repository's safety depends on passes here first.
package enum FaultPoint: String, Sendable, CaseIterable {
    case open, write, synchronise, rename, truncate, remove, makeDirectory
}

/// What happens in a test instead of the call.
package enum Fault: Sendable {
    /// The call fails with this `errno`.
    case fails(errno: Int32)
    /// Only this many bytes are written, then the call fails with ENOSPC.
    case writesOnly(byteCount: Int)
}

/// The seam for tests in front of the system calls. Outside tests it is empty and costs one atomic load.
package enum Faults {
    package typealias Plan = @Sendable (FaultPoint, FilePath) -> Fault?

    private static let isArmed = Atomic<Bool>(false)
    private static let plans = Mutex<[pthread_t: Plan]>([:])

    /// Consults `newPlan` before every call of this thread, until the next `arm`; `nil` removes the plan.
    /// Other threads, and so other tests, are not affected.
    package static func arm(_ newPlan: Plan?) {
        plans.withLock { plans in
            plans[pthread_self()] = newPlan
            isArmed.store(!plans.isEmpty, ordering: .releasing)
        }
    }

    /// Throws the error that a test wants instead of the call.
    static func check(
        _ point: FaultPoint,
        _ path: FilePath,
        _ operation: SystemError.Operation
    ) throws(SystemError) {
        guard case .fails(let code) = at(point, path) else { return }
        throw SystemError(operation, path, code: Errno(rawValue: code))
    }

    static func at(_ point: FaultPoint, _ path: FilePath) -> Fault? {
        guard isArmed.load(ordering: .acquiring) else { return nil }
        return plans.withLock { $0[pthread_self()] }?(point, path)
    }
}
