"""An agency is one YAML file: who owns it, where its datasets are, how its columns and codes map to ours.

The models refuse unknown keys, because a misspelt key that is silently ignored is a column that is silently empty.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from mutasi.sources.datasets import datasets

AgencyId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
ConnectionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
NULL_WORDS = ("", "-", "NULL", "null", "#N/A", "#REF!", "#VALUE!")


class AgencyFileError(ValueError):
    """An agency file cannot be used; every line of the message is one sentence naming file, key and what to do."""


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Owner(Model):
    """Who answers for the data at the agency."""

    unit: str
    email: str


class Codes(Model):
    """The agency's code in each national system; the systems disagree, so none is assumed from another."""

    bkn: str
    kemendagri: str
    bps: str | None = None


class ConnectionRef(Model):
    """A connection by name; the address and the secret stand in the Airflow connection of that name."""

    type: Literal["sql", "files", "siasn"]
    name: ConnectionName
    requests_per_second: float = Field(default=20, gt=0, description="siasn only: highest rate of calls")
    concurrency: int = Field(default=4, ge=1, le=32, description="siasn only: calls under way at once")


class SqlRead(Model):
    """What to read from a database: a table or view, or a query."""

    table: str | None = None
    query: str | None = None

    @model_validator(mode="after")
    def one_of(self) -> SqlRead:
        if (self.table is None) == (self.query is None):
            raise ValueError("needs either `table` or `query`, and not both")
        return self


class FilesRead(Model):
    """What to read from a folder: the newest file that matches `path` (a glob relative to the connection's folder)."""

    path: str
    format: Literal["csv", "xlsx", "parquet", "json"] | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)


class SiasnRead(Model):
    """What to ask the SIASN service for.

    `per_nip` endpoints are called once per NIP of the list in `nips`; `list` endpoints are paged.
    """

    per_nip: str | None = None
    list: str | None = None
    nips: FilesRead | None = None
    nips_connection: str | None = None
    nips_column: str = "nip"

    @model_validator(mode="after")
    def one_of(self) -> SiasnRead:
        if (self.per_nip is None) == (self.list is None):
            raise ValueError("needs either `per_nip` or `list`, and not both")
        if self.per_nip and (self.nips is None or self.nips_connection is None):
            raise ValueError("`per_nip` also needs `nips` and `nips_connection`: the list of NIPs to ask for")
        return self


READS: dict[str, type[Model]] = {"sql": SqlRead, "files": FilesRead, "siasn": SiasnRead}


class ColumnMap(Model):
    """How one canonical column is filled: from a source column or with a fixed value."""

    source: str | None = Field(default=None, alias="from")
    value: str | int | float | bool | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    format: str | None = None
    decimal: Literal[",", "."] = "."
    strip_prefix: str | None = None

    @model_validator(mode="before")
    @classmethod
    def short_form(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def one_of(self) -> ColumnMap:
        if (self.source is None) == (self.value is None):
            raise ValueError("needs either `from` (a source column) or `value` (a fixed value), and not both")
        return self


class DatasetSource(Model):
    """Where one dataset of the agency comes from."""

    connection: str
    read: SqlRead | FilesRead | SiasnRead
    columns: dict[str, ColumnMap]
    ignore: tuple[str, ...] | Literal["*"] = ()
    nulls: tuple[str, ...] = NULL_WORDS
    date_format: str = "%Y-%m-%d"

    @field_validator("read", mode="before")
    @classmethod
    def as_given(cls, value: Any) -> Any:
        return value


class Agency(Model):
    """One agency and all that it lands."""

    agency_id: AgencyId
    agency_name: str
    agency_kind: Literal["ministry", "province", "regency", "city"]
    codes: Codes
    owner: Owner
    connections: dict[str, ConnectionRef]
    datasets: dict[str, DatasetSource]

    @model_validator(mode="before")
    @classmethod
    def typed_reads(cls, document: Any) -> Any:
        """Give each `read` the model of its connection's type, so that errors speak of the right keys."""
        if not isinstance(document, dict):
            return document
        kinds = {n: c.get("type") for n, c in (document.get("connections") or {}).items() if isinstance(c, dict)}
        sources = document.get("datasets")
        for name, source in (sources or {}).items() if isinstance(sources, dict) else ():
            model = READS.get(str(kinds.get(source.get("connection")))) if isinstance(source, dict) else None
            if model is not None and isinstance(source.get("read"), dict):
                try:
                    source["read"] = model.model_validate(source["read"])
                except ValidationError as error:
                    raise _Nested(("datasets", name, "read"), error) from None
        return document

    @model_validator(mode="after")
    def fits_the_canon(self) -> Agency:
        """Datasets, columns, codes and connections must exist."""
        problems: list[str] = []
        for name, source in self.datasets.items():
            where = f"datasets.{name}"
            dataset = datasets().get(name)
            if dataset is None:
                problems.append(f"{where}: is not a dataset; {_one_of(name, datasets())}")
                continue
            if source.connection not in self.connections:
                problems.append(f"{where}.connection: {_one_of(source.connection, self.connections)}")
            for column, mapping in source.columns.items():
                known = dataset.columns.get(column)
                if known is None:
                    problems.append(f"{where}.columns.{column}: is not a column of {name}; {_one_of(column, dataset.columns)}")
                    continue
                for target in mapping.codes.values():
                    if known.allowed and target not in known.allowed:
                        problems.append(f"{where}.columns.{column}.codes: {_one_of(target, known.allowed)}")
                if mapping.value is not None and known.allowed and str(mapping.value) not in known.allowed:
                    problems.append(f"{where}.columns.{column}.value: {_one_of(str(mapping.value), known.allowed)}")
            missing = [c for c, known in dataset.columns.items() if known.required and c not in source.columns]
            problems += [f"{where}.columns.{c}: is required; map it to a source column" for c in missing]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def definition_hash(self) -> str:
        """Hash of all that decides how the agency is read; it stands in every manifest."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]


class _Nested(ValueError):
    """Carries the errors of a `read` section out of the outer validator with their place."""

    def __init__(self, place: tuple[str, ...], error: ValidationError) -> None:
        super().__init__("\n".join(_sentences(error, place)))


def _one_of(word: str, known: Any) -> str:
    words = [str(w) for w in known]
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`?" if close else f"expected one of {', '.join(words)}"
    return f"`{word}` is unknown; {hint}"


def _known_keys(place: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand where an unknown one was found."""
    if not place:
        return list(Agency.model_fields)
    model: type[Model] | None = {"owner": Owner, "codes": Codes, "connections": ConnectionRef}.get(str(place[0]))
    if place[0] == "datasets":
        model = ColumnMap if len(place) > 3 and place[2] == "columns" else DatasetSource
        if len(place) > 2 and place[2] == "read":
            return [key for read in READS.values() for key in read.model_fields]
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _sentences(error: ValidationError, prefix: tuple[str, ...] = ()) -> list[str]:
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        place = (*prefix, *(p for p in item["loc"] if p not in ("SqlRead", "FilesRead", "SiasnRead")))
        key = ".".join(str(p) for p in place)
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = _one_of(str(place[-1]), _known_keys(place[:-1]))
        elif item["type"] == "missing":
            message = "is missing; add it"
        lines += [f"{key}: {line}" if key and item["type"] != "value_error" else _placed(key, line) for line in message.split("\n")]
    return lines


def _placed(key: str, line: str) -> str:
    return line if line.startswith("datasets.") or not key else f"{key}: {line}"


def read_agency(file: Path) -> Agency:
    """Read and check one agency file.

    Raises:
        AgencyFileError: the file is not YAML, has unknown or missing keys, or maps what does not exist.
    """
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError:
        raise AgencyFileError(f"{file}: cannot be read; check the path and its permissions.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" near line {mark.line + 1}" if mark else ""
        raise AgencyFileError(f"{file}: is not valid YAML{line}; check indentation and quotes.") from None
    if not isinstance(document, dict):
        raise AgencyFileError(f"{file}: is empty or not a mapping; start from template.yml.")
    try:
        return Agency.model_validate(document)
    except ValidationError as error:
        raise AgencyFileError("\n".join(f"{file.name}: {line}." for line in _sentences(error))) from None


def read_agencies(folder: Path) -> dict[str, Agency]:
    """All agencies of a folder by id, sorted; `template.yml` is documentation and no agency.

    Raises:
        AgencyFileError: a file is unusable, or two files carry the same `agency_id`.
    """
    found: dict[str, Agency] = {}
    for file in sorted(folder.glob("*.yml")):
        if file.name == "template.yml":
            continue
        agency = read_agency(file)
        if agency.agency_id in found:
            raise AgencyFileError(f"{file.name}: agency_id: `{agency.agency_id}` is used by another file too; ids are unique.")
        found[agency.agency_id] = agency
    return found
