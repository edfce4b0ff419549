"""数据项 grid: keyboard, and paste from a spreadsheet."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

PASTE = """([target, text]) => {
  const data = new DataTransfer();
  data.setData("text", text);
  target.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def grid(logged_in: Any, make_person: Any) -> Page:
    """The form of a new dataset."""
    page: Page = logged_in(make_person("示例市交通运输局", "editor"))
    page.goto("/dataset/new")
    return page


def cell(page: Page, row: int, column: str) -> Locator:
    return page.locator(".govcn-grid tbody tr").nth(row).locator(f"[data-column={column}]")


def items(page: Page) -> list[dict[str, str]]:
    """What the form would post."""
    return json.loads(page.locator("textarea[name=items]").input_value())


def test_enter_goes_down_and_makes_rows(grid: Page) -> None:
    cell(grid, 0, "name").fill("站点名称")
    cell(grid, 0, "name").press("Enter")
    expect(cell(grid, 1, "name")).to_be_focused()
    cell(grid, 1, "name").fill("泊位数")
    cell(grid, 1, "name").press("Shift+Enter")
    expect(cell(grid, 0, "name")).to_be_focused()
    assert [item["name"] for item in items(grid)] == ["站点名称", "泊位数"]


def test_rows_move_and_go_by_keyboard(grid: Page) -> None:
    for row, name in enumerate(["甲", "乙", "丙"]):
        cell(grid, row, "name").fill(name)
        cell(grid, row, "name").press("Enter")
    cell(grid, 2, "name").press("Alt+ArrowUp")
    assert [item["name"] for item in items(grid)] == ["甲", "丙", "乙"]
    cell(grid, 0, "name").press("Alt+Delete")
    assert [item["name"] for item in items(grid)] == ["丙", "乙"]


def test_cells_of_a_spreadsheet_are_pasted_in_order(grid: Page) -> None:
    lines = [f"字段{n}\tfield_{n}\t字符型C\t20" for n in range(120)]
    lines[1] = '"带""引号""和\n换行"\tquoted\tN\t8,2'
    grid.evaluate(PASTE, [cell(grid, 0, "name").element_handle(), "\r\n".join(lines) + "\r\n"])
    found = items(grid)
    assert len(found) == 120
    assert [item["name"] for item in found][2:] == [f"字段{n}" for n in range(2, 120)]
    assert '带"引号"和' in found[1]["name"]
    assert (found[0]["name_en"], found[0]["data_type"], found[0]["length"]) == ("field_0", "C", "20")
    assert (found[1]["data_type"], found[1]["length"]) == ("N", "8,2")


def test_every_cell_has_a_name_for_screen_readers(grid: Page) -> None:
    unnamed = grid.locator(".govcn-grid input:not([aria-label]), .govcn-grid select:not([aria-label])")
    expect(unnamed).to_have_count(0)
