"""The runs that the portal in memory passes, over CKAN's database and index."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from contracts.run_contract import Row, RunContract, judge

from harvesters.plan import Judged

pytestmark = pytest.mark.usefixtures("clean")


class _Portal:
    """Opens whatever source the contract names, with the settings of one."""

    def open(self, source: str) -> Any:
        from harvesters.portal import CkanPortal
        from harvesters.source import Source

        return CkanPortal(Source(source, title=source, region="990100")).open(source)


class TestCkanPortal(RunContract):
    @pytest.fixture
    def portal(self) -> _Portal:
        from ckanext.govcn.catalog.entry import Provider

        from harvesters.portal import create_department

        self.owner = create_department(Provider("示例市交通运输局", "990100"))
        return _Portal()

    def judge(self, row: Row) -> Judged:
        return replace(judge(row), owner=self.owner, place=row.place, decided=True)

    def datasets(self, portal: Any) -> dict[str, tuple[str, bool]]:
        import sqlalchemy as sa
        from ckan import model

        rows = model.Session.execute(
            sa.text("SELECT title, id, extras ->> 'catalog_status' AS status FROM package WHERE state = 'active'")
        )
        return {row.title: (row.id, row.status == "withdrawn") for row in rows}

    def edit(self, portal: Any, title: str, notes: str) -> None:
        from harvest.test_review import edit

        edit(title, notes=notes)

    def notes(self, portal: Any, title: str) -> str:
        from harvest.test_harvest import dataset

        return dataset(title)["notes"]

    def undo(self, portal: Any, run: int) -> None:
        from harvesters.harvest import undo

        undo(run)

    def redo(self, portal: Any, run: int) -> None:
        from harvesters.harvest import redo

        redo(run)
