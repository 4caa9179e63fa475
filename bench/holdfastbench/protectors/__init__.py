"""The programs that are measured: one class each, behind the interface in `base`."""

from holdfastbench.protectors.base import Protector as Nothing
from holdfastbench.protectors.copies import Backup, Cp, Restic, VacuumInto, Zstd
from holdfastbench.protectors.holdfast import Holdfast
from holdfastbench.protectors.litestream import Litestream, LitestreamTuned
from holdfastbench.protectors.offsite import OffsiteHoldfast, OffsiteLitestream, OffsiteRestic

ALL = (Nothing, Holdfast, Litestream, LitestreamTuned, Backup, VacuumInto, Cp, Zstd, Restic)
