"""Mutasi, in the order of the data's life.

sources        what an agency is and how its data are read
landing        raw archive, typed snapshots, promotion, quarantine, history
checks         expectation suites and verdicts
warehouse      dbt's inputs, build, reporting and planning databases
recommend      the week's transfers: who may go where, the best plan, its proof
publish        what people read: defects, checks, extracts, notices
decide         what officials decided about proposals, and how it reaches the next plan
privacy        pseudonyms
demo           generated agencies with a known truth
orchestration  the only place that knows Airflow
settings, engine, ledger   where things lie, how DuckDB is opened, what every step leaves behind
"""
