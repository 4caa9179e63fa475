"""Measures Holdfast beside other programs, in turns: bench/run [SCENARIO…]"""

import argparse
import os
import pathlib
import signal
import sys
import tempfile

from holdfastbench import equipment as equipping
from holdfastbench import plots, report, scenarios, turns
from holdfastbench.soak import main as soak


def parse():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="from --list, or what several names begin with; all if none is given")
    parser.add_argument("--list", action="store_true", help="name the scenarios and end")
    parser.add_argument("--rounds", type=int, help="turns of each subject, instead of the scenario's own number")
    parser.add_argument("--short", action="store_true", help="small sizes and one round: for a smoke test")
    parser.add_argument("--program", default=os.environ.get("HOLDFAST_PROGRAM"), help="Holdfast, built; also $HOLDFAST_PROGRAM")
    parser.add_argument("--offline", action="store_true", help="fetch nothing; take what is installed")
    parser.add_argument("--peers", help="comma-separated: only these of the programs that take part")
    parser.add_argument("--results", type=pathlib.Path, default=equipping.PROJECT / "bench" / "results")
    parser.add_argument("--work", default=tempfile.gettempdir(), help="where databases and repositories lie meanwhile")
    return parser, parser.parse_args()


def main():
    if sys.argv[1:2] == ["soak"]:
        return soak.main(sys.argv[2:])
    parser, options = parse()
    if options.list:
        for scenario in scenarios.ALL.values():
            print(f"{scenario.name:20} {scenario.title}")
        print(f"{'soak':20} mixed load and troubles for hours, only by itself: bench/run soak --help")
        return 0
    unknown = [name for name in options.scenarios if not named(name)]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}; see --list")
    # Whatever runs beside a writer is ended with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    equipment = equipping.Equipment(options.program, options.offline)
    for missing in equipment.missing:
        print(f"bench: missing, left out: {missing}", file=sys.stderr)
    chosen = [one for name in options.scenarios for one in named(name)] or scenarios.ALL.values()
    failed = [run(scenario(options.short), equipment, options) for scenario in chosen]
    report.write_summary(options.results)
    return 1 if any(failed) else 0


def named(name):
    """The scenario of that name, or all of a family: `offsite` means `offsite-load` and what else begins so."""
    every = scenarios.ALL
    return [every[name]] if name in every else [every[one] for one in every if one.startswith(f"{name}-")]


def run(scenario, equipment, options):
    """Measures and reports: whether any turn failed."""
    wanted = options.peers.split(",") if options.peers else None
    subjects = [subject for subject in scenario.subjects() if not wanted or subject.name in wanted]
    left_out = [f"{subject.name}: {subject.missing(equipment)}" for subject in subjects if subject.missing(equipment)]
    subjects = [subject for subject in subjects if not subject.missing(equipment)]
    if not subjects:
        print(f"bench: {scenario.name} is left out: {'; '.join(left_out) or 'none of its programs is wanted'}", file=sys.stderr)
        return False
    count = options.rounds or (1 if options.short else scenario.rounds)
    facts = {
        "commit": equipping.commit(),
        "machine": equipping.machine(options.work),
        "versions": equipment.versions(),
        "short": options.short,
        "round_count": count,
        "left_out": left_out,
    }
    rounds = turns.take_turns(scenario, subjects, equipment, count, options.work)
    shown = report.write(options.results, scenario, rounds, facts)
    plots.draw(options.results, scenario, rounds)
    print(f"## {scenario.name}: {scenario.title}\n\n{shown}\n", flush=True)
    return bool(report.failures(rounds))


if __name__ == "__main__":
    sys.exit(main())
