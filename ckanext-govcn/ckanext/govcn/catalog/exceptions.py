"""Errors of the pure part.

::

    CatalogError
    ├── StandardsError          a file in `standards/` is missing, changed or wrong: a fault of the installation
    │   ├── UnknownTableError
    │   └── AmbiguousNameError
    └── IdentifierError         a code that cannot be made or read
        └── NoProvinceNodeError

None of them is transient: asking again gives the same answer.
"""

from __future__ import annotations


class CatalogError(Exception):
    """Base: carries a Chinese and an English sentence that say what to do next."""

    transient = False

    def __init__(self, message: str, message_en: str) -> None:
        super().__init__(f"{message} ({message_en})")
        self.message = message
        self.message_en = message_en


class StandardsError(CatalogError):
    """A table in `standards/` cannot be used."""


class UnknownTableError(StandardsError):
    """Nothing in `standards/index.yaml` has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"标准表 {name} 不存在，请核对 standards/index.yaml 中的表名",
            f"no table {name!r} in standards/index.yaml; check the name",
        )
        self.name = name


class AmbiguousNameError(StandardsError):
    """Two codes of one table claim the same label or alias."""

    def __init__(self, table: str, name: str, codes: tuple[str, ...]) -> None:
        super().__init__(
            f"标准表 {table} 中“{name}”同时对应 {'、'.join(codes)}，请只保留一处",
            f"table {table!r}: {name!r} belongs to {', '.join(codes)}; keep one",
        )
        self.table, self.name, self.codes = table, name, codes


class IdentifierError(CatalogError):
    """A code cannot be made from what was given, or read."""


class NoProvinceNodeError(IdentifierError):
    """Table `province_node` has no 目 for the province of this region."""

    def __init__(self, region_code: str) -> None:
        super().__init__(
            f"行政区划 {region_code} 没有对应的省级目编码，请在 standards/province_node.csv 中补充",
            f"no province node for region {region_code!r}; add it to standards/province_node.csv",
        )
        self.region_code = region_code
