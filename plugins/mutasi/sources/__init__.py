"""Where the data comes from: what an agency is, what its datasets become, and how each is read as it stands.

- `datasets`  the canonical datasets and their columns
- `agency`    one agency file: owner, connections, column and code maps
- `connection`  an address with its secret, and what a connector gives back
- `extract`   the one door: reads one dataset of one agency through the connector that its connection asks for
- `sql` · `files` (`delimited`, `spreadsheet`, `documents`) · `siasn` (`siasn_service`)  the connectors

A new kind of source is one module here and one line in `extract`.
"""
