"""An agency is one YAML file: who owns it, where its datasets are, how its columns and codes map to ours.

The models refuse unknown keys, because a misspelt key that is silently ignored is a column that is silently empty.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from mutasi.sources.misfits import misfits
from mutasi.sources.sentences import Place, one_of, sentences

AgencyId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
ConnectionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
NULL_WORDS = ("", "-", "NULL", "null", "#N/A", "#REF!", "#VALUE!")


class Model(BaseModel):
    """Unknown keys are refused and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Owner(Model):
    """Who answers for the data at the agency."""

    unit: str
    email: str

    @field_validator("email")
    @classmethod
    def an_address(cls, given: str) -> str:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", given):
            raise ValueError(f"`{given}` is no e-mail address")
        return given


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

    @model_validator(mode="after")
    def paced_where_called(self) -> ConnectionRef:
        for name in ("requests_per_second", "concurrency"):
            if self.type != "siasn" and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"`{name}` paces calls of type siasn; leave it out of type {self.type}")
        return self


class SqlRead(Model):
    """What to read from a database: a table or view, or a query; all of it, or what changed since the last promoted snapshot."""

    table: str | None = None
    query: str | None = None
    cursor: str | None = Field(default=None, description="column that grows with every change, for example updated_at")
    full_refresh_days: int = Field(default=7, ge=1, description="with a cursor: read everything at least this often")
    deleted: str | None = Field(default=None, description="SQL condition of rows that are deleted but still stand there")

    @model_validator(mode="after")
    def one_of(self) -> SqlRead:
        if (self.table is None) == (self.query is None):
            raise ValueError("needs either `table` or `query`, and not both")
        return self


class FilesRead(Model):
    """What to read from a folder: the newest file that matches `path` (a glob relative to the connection's folder).

    `member` chooses the one file of a ZIP archive. `header_row` may list rows that stand one below the other, as merged
    headers do; their texts are joined with a blank.
    """

    path: str
    member: str | None = None
    format: Literal["csv", "xlsx", "parquet", "json"] | None = None
    encoding: str = "utf-8"
    delimiter: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = ","
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] | tuple[Annotated[int, Field(ge=1)], ...] = 1

    @field_validator("encoding")
    @classmethod
    def an_encoding(cls, given: str) -> str:
        try:
            codecs.lookup(given)
        except LookupError:
            raise ValueError(f"`{given}` is no known encoding; usual are utf-8, windows-1252, latin-1 and utf-16") from None
        return given

    @model_validator(mode="after")
    def header_in_one_piece(self) -> FilesRead:
        rows = self.header_rows
        if not rows or list(rows) != list(range(rows[0], rows[0] + len(rows))):
            raise ValueError("`header_row` is one row, or rows that follow each other, for example [3, 4]")
        return self

    @property
    def header_rows(self) -> tuple[int, ...]:
        """The rows of the header, from 1."""
        return (self.header_row,) if isinstance(self.header_row, int) else self.header_row


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


READ: Place = ("datasets", "*", "read")
READS: dict[str, type[Model]] = {"sql": SqlRead, "files": FilesRead, "siasn": SiasnRead}


class ColumnMap(Model):
    """How one canonical column is filled: from a source column or with a fixed value."""

    source: str | None = Field(default=None, alias="from")
    value: str | int | float | bool | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    format: str | None = None
    decimal: Literal[",", "."] = "."
    factor: float | None = Field(
        default=None, gt=0, description="what numbers are multiplied by, such as 60 from hours to minutes"
    )
    strip_prefix: str | None = None

    @model_validator(mode="before")
    @classmethod
    def short_form(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("YAML takes yes, no, on and off for truth values; put the name of the source column in quotes")
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
    ignore: tuple[str, ...] | Literal["*"] = Field(
        default=(), description="Source columns that are no data of ours; of a database their values are not even taken out."
    )
    skip_where: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Source columns and the words that mark a row as no record, such as a subtotal; all columns must match.",
    )
    fill_down: tuple[str, ...] = Field(
        default=(), description="Source columns whose empty cells hold what stands above them, as merged cells do."
    )
    nulls: tuple[str, ...] = NULL_WORDS
    date_format: str = "%Y-%m-%d"
    more_date_formats: tuple[str, ...] = ()


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
        connections, sources = document.get("connections"), document.get("datasets")
        if not isinstance(connections, dict) or not isinstance(sources, dict):
            return document
        problems: list[str] = []
        for name, source in sources.items():
            if not isinstance(source, dict) or not isinstance(source.get("read"), dict):
                continue
            reference = connections.get(source.get("connection"))
            if not isinstance(reference, dict):
                problems.append(f"datasets.{name}.connection: {one_of(str(source.get('connection')), connections)}")
            elif (model := READS.get(str(reference.get("type")))) is not None:
                try:
                    source["read"] = model.model_validate(source["read"])
                except ValidationError as error:
                    keys = {READ: list(model.model_fields), (*READ, "nips"): list(FilesRead.model_fields)}
                    problems += sentences(error, keys, ("datasets", str(name), "read"))
        if problems:
            raise ValueError("\n".join(problems))
        return document

    @model_validator(mode="after")
    def fits_the_canon(self) -> Agency:
        """Datasets, columns, codes and connections must exist."""
        if problems := misfits(self):
            raise ValueError("\n".join(problems))
        return self

    @cached_property
    def definition_hash(self) -> str:
        """Hash of all that decides how the agency is read; it stands in every manifest. A `model_copy` would take it along."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]


KEYS: dict[Place, list[str]] = {
    (): list(Agency.model_fields),
    ("owner",): list(Owner.model_fields),
    ("codes",): list(Codes.model_fields),
    ("connections", "*"): list(ConnectionRef.model_fields),
    ("datasets", "*"): list(DatasetSource.model_fields),
    ("datasets", "*", "columns", "*"): [field.alias or name for name, field in ColumnMap.model_fields.items()],
}
