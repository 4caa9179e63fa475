"""All scenarios by name, in the order in which they run."""

from holdfastbench.scenarios import disk, first_backup, full_speed, growth, history, idle, interference, latency
from holdfastbench.scenarios import offsite, recovery, small

ALL = {
    scenario.name: scenario
    for scenario in (
        full_speed.FullSpeed,
        latency.Latency,
        latency.RollbackLatency,
        disk.Disk,
        first_backup.FirstBackup,
        history.History,
        small.Small,
        idle.Idle500,
        interference.Interference,
        recovery.Recovery,
        recovery.RecoveryWAL,
        offsite.Load,
        offsite.Latency,
        offsite.Large,
        offsite.Databases500,
        idle.Idle10000,
        idle.Idle1000,
        history.LongHistory,
        growth.Growth100MB,
        growth.Growth1GB,
        growth.Growth10GB,
    )
}
