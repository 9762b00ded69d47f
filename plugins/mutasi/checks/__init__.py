"""Great Expectations judges what landed: suites in `expectations/`, run once per dataset and day, verdicts per agency.

`check_datasets` is the step of the nightly run; `rules` lists every rule with its reason. Nothing outside this package
imports great_expectations, and it is imported only when a dataset is judged, because it takes seconds.
"""

from mutasi.checks.judge import CheckError
from mutasi.checks.run import check_dataset, check_datasets
from mutasi.checks.suites import Rule, SuiteError, rules
from mutasi.checks.verdicts import DatasetVerdicts, Verdict

__all__ = ["CheckError", "DatasetVerdicts", "Rule", "SuiteError", "Verdict", "check_dataset", "check_datasets", "rules"]
