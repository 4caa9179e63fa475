"""Lets the subjects of a scenario take turns, round by round, each in a folder of its own."""

import pathlib
import shutil
import subprocess
import sys
import tempfile


def take_turns(scenario, subjects, equipment, rounds, work):
    """The figures of all turns: {subject: [one dictionary a round]}."""
    results = {subject.name: [] for subject in subjects}
    shared = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-", dir=work))
    try:
        scenario.prepare(shared)
        for number in range(rounds):
            # Another one begins each time, so that no one always follows the same.
            first = number % len(subjects)
            for subject in [*subjects[first:], *subjects[:first]]:
                print(f"bench: {scenario.name}, round {number + 1} of {rounds}: {subject.name}", file=sys.stderr)
                results[subject.name].append(_turn(scenario, subject, equipment, work))
    finally:
        shutil.rmtree(shared, ignore_errors=True)
    return results


def _turn(scenario, subject, equipment, work):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-", dir=work))
    try:
        return scenario.turn(subject, equipment, folder)
    except TimeoutError:
        return {"failed": "timed out"}
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        # The others go on: an hour of measuring is not thrown away for one of them.
        print(f"bench: {scenario.name}: {subject.name} failed: {error}", file=sys.stderr)
        return {"failed": str(error)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
