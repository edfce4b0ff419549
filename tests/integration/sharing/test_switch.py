"""Off by default: no page, no action, nothing in the navigation; what is there stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from integration.sharing.asking import World


@pytest.mark.usefixtures("clean")
def test_while_it_is_off_there_is_nothing(world: World, app: Any, cli: Any) -> None:
    from ckanext.govcn.sharing.cli import sharing
    from ckanext.govcn.sharing.model import Request

    known = Request(requester_id="a", provider_id="b", state="submitted", title="旧的记录")
    model.Session.add(known)
    model.Session.commit()
    token = world.token("asking")
    for path in ("/govcn/sharing", "/govcn/sharing/new", f"/govcn/sharing/{known.id}", "/govcn/sharing/export"):
        assert app.get(path, headers=token, status=404)
    answer = app.get("/api/3/action/govcn_sharing_list", headers=token, status=400)
    assert "Action name not known" in answer.body
    assert "/govcn/sharing" not in app.get(f"/dataset/{world.conditional['name']}", headers=token).body
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Request)) == 1
    for command in (["expire"], ["remind"], ["export", "x.xlsx"], ["import", "x.xlsx"]):
        out = cli.invoke(sharing, [*command, "--json"])
        assert (out.exit_code, json.loads(out.output)["error"]["kind"]) == (1, "Off")
