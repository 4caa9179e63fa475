import Capture
import History
import LinuxSystem
import RepositoryReader
import RepositoryWriter

extension RootWatch {
    /// Checks the captured databases and tries restores, until it is cancelled.
    ///
    /// - Parameter changes: an element comes whenever something was recorded.
    func maintain(_ protector: RootProtector, _ changes: AsyncStream<Void>) async {
        guard !surroundings.once else { return }
        let (loop, listeners) = (surroundings.threads.maintenance, surroundings.listeners)
        let health = target.settings.checkAfter.map { quiet in
            HealthWatch(
                protector: protector,
                options: HealthWatch.Options(quiet: quiet),
                process: MaintenanceProcess(surroundings.program),
                loop: loop,
                changes: changes,
                deletedDamaged: { listeners.deletedDamaged(protector.root, $0) },
                notice: listeners.verdict
            )
        }
        let drills = target.settings.drillInterval.map { interval in
            DrillWatch(
                protector: protector,
                schedule: DrillSchedule(interval: interval),
                process: MaintenanceProcess(surroundings.program),
                loop: loop,
                notice: listeners.drill
            )
        }
        async let healthRun: Void? = health?.run()
        async let drillRun: Void? = drills?.run()
        _ = await (healthRun, drillRun)
    }

    /// - Parameter onDurable: called when something new is durable.
    func protectorOptions(onDurable: @escaping @Sendable () -> Void) -> RootProtector.Options {
        var options = RootProtector.Options()
        options.quiet = target.settings.debounce
        options.maximumDelay = target.settings.maximumDelay
        options.auditInterval = target.settings.auditInterval
        options.exclusions = target.settings.exclusions
        options.isPatient = !surroundings.once
        options.openFiles /= max(1, surroundings.rootStates.rootCount)
        options.onDurable = onDurable
        options.retention = target.settings.retention.map(keptSnapshots)
        return options
    }

    /// Decides which snapshots are kept, and says when the limit of the size cannot be met.
    private func keptSnapshots(
        by rules: RetentionRules
    ) -> @Sendable (RootDescription) throws -> KeptSnapshots {
        { [notice = surroundings.listeners.notice] root in
            let plan = try RetentionPlan(root, rules)
            if let limit = plan.limit, !limit.isReached {
                let message =
                    "the root takes more than --max-size allows, and cannot be brought below "
                    + "\(Quantity.text(bytes: limit.leastBytes)): allow more"
                notice(root, .finding(Finding(.warning, root.directory, at: 0, message)))
            }
            return plan.kept
        }
    }
}
