"""What a scenario is: who takes part, what is done in one turn, and how its figures are shown and judged."""

import dataclasses
import statistics
import typing


def number(digits=0):
    return lambda value: f"{value:,.{digits}f}"


def megabytes(value):
    return f"{value / 1e6:,.1f} MB"


def percent(digits=0):
    return lambda value: f"{value:.{digits}%}"


@dataclasses.dataclass
class Column:
    """One figure of each turn. `versus` names the subject by whose median the cell also divides."""

    title: str
    key: str
    form: typing.Callable = number()
    versus: str = ""


@dataclasses.dataclass
class Goal:
    """What a figure of Holdfast should be: at most `bound`, or at least it. `limit` says what cannot be beaten.

    With `versus` the figure is the ratio of Holdfast's median to that subject's. A goal that must never be missed is held
    against the worst turn.
    """

    text: str
    key: str
    bound: float
    form: typing.Callable = number()
    is_at_least: bool = False
    versus: str = ""
    limit: str = ""
    is_for_each_turn: bool = False

    def value(self, rounds):
        if self.is_for_each_turn:
            values = measured(rounds, "holdfast", self.key)
            return (min if self.is_at_least else max)(values) if values else None
        own = median(rounds, "holdfast", self.key)
        if not self.versus or own is None:
            return own
        other = median(rounds, self.versus, self.key)
        return own / other if other else None

    def is_met(self, value):
        return value >= self.bound if self.is_at_least else value <= self.bound


def measured(rounds, subject, key):
    """One figure of all turns that have it."""
    return [turn[key] for turn in rounds.get(subject, []) if turn.get(key) is not None]


def median(rounds, subject, key):
    """Of one figure over all turns; None if it was not measured."""
    values = measured(rounds, subject, key)
    return statistics.median(values) if values else None


class Scenario:
    """One file in `scenarios` each. Figures are named with their units; None, or no such name, shows as "-"."""

    name = ""
    title = ""
    rounds = 5
    columns = ()
    goals = ()
    bars = ()  # keys of which a plot is drawn
    curves = ""  # key of a list, of which the distribution is drawn, or of pairs, drawn as a line

    def __init__(self, is_short):
        self.is_short = is_short

    def sized(self, full, short):
        """A size, or the one of a smoke test."""
        return short if self.is_short else full

    def subjects(self):
        """The classes of those that take part."""
        raise NotImplementedError

    def prepare(self, folder):
        """Makes what all turns share."""

    def turn(self, protector_class, equipment, folder):
        """One turn of one subject, in an empty folder: its figures. One that fails has none, and is named."""
        raise NotImplementedError
