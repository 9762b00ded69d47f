"""Great Expectations judges what landed: suites in `expectations/`, run once per dataset and day, verdicts per agency.

`run.check_dataset` is the step of the nightly run; `rules.rules` lists every rule with its reason. Nothing outside this
package imports great_expectations, and it is imported only when a dataset is judged, because it takes seconds.
"""
