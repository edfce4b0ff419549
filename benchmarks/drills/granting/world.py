"""Makes, inside the platform, a dataset of 有条件开放 with a file, and one grantee for each grant that is asked for.

`python -m benchmarks.drills.granting.world INI`; JSON in: a list of limits; JSON out: `path` of the download, `editor`
(a token of the department's), and of each grant `id`, `key` and `key_id`. Everything is made up.
"""

# pyright: basic
from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

CONTENT = "停车场名称,泊位数\n示例停车场,120\n".encode() * 200


def main() -> None:
    """Load CKAN and make it."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever prints: standard output is for the answer
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    app = make_app(CKANConfigLoader(sys.argv[1]).get_config())._wsgi_app
    with app.test_request_context():
        print(json.dumps(_made(json.load(sys.stdin))), file=answers, flush=True)


def _made(limits: list[dict[str, Any]]) -> dict[str, Any]:
    from ckan import model
    from ckanext.govcn.access import files

    editor = _user("drill-editor")
    owner = _call("organization_create", name="drill-owner", title="演练用部门", region_code="990100")
    _call("organization_member_create", id=owner["id"], username=editor["name"], role="editor")
    resource = {"name": "停车场", "url": "https://data.example/parking.csv", "format": "CSV"}
    dataset = _call(
        "package_create", title="停车场（演练）", owner_org=owner["id"], open_type="conditional", share_type="1",
        open_condition="说明用途", catalog_status="published", notes="为演练编造", resources=[resource],
    )  # fmt: skip
    stored = files.store(io.BytesIO(CONTENT), 2 * len(CONTENT))
    files.attach(dataset["resources"][0]["id"], stored.sha256, "停车场.csv")
    model.Session.commit()
    return {
        "path": f"/dataset/{dataset['id']}/resource/{dataset['resources'][0]['id']}/download",
        "editor": _token(editor),
        "grants": [_granted(dataset["id"], editor, number, limit) for number, limit in enumerate(limits)],
    }


def _granted(dataset: str, editor: dict[str, Any], number: int, limit: dict[str, Any]) -> dict[str, str]:
    from datetime import UTC, datetime, timedelta

    grantee = _user(f"drill-grantee-{number}")
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    said = {"package_id": dataset, "user": grantee["name"], "purpose": "演练", "reason": "演练", "until": until}
    grant = _as(editor, "govcn_grant_give", **said, **limit)
    key = _as(grantee, "govcn_grant_key_create", id=grant["id"])
    return {"id": grant["id"], "key": key["key"], "key_id": key["id"]}


def _user(name: str) -> dict[str, Any]:
    return _call("user_create", name=name, email=f"{name}@example.org", password=os.urandom(16).hex())


def _token(user: dict[str, Any]) -> str:
    return _call("api_token_create", user=user["name"], name="drill")["token"]


def _call(action: str, /, **data: Any) -> dict[str, Any]:
    import ckan.plugins.toolkit as tk

    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return tk.get_action(action)({"ignore_auth": True, "user": site, "govcn_internal": True}, data)


def _as(person: dict[str, Any], action: str, /, **data: Any) -> dict[str, Any]:
    import ckan.plugins.toolkit as tk
    from ckan import model

    return tk.get_action(action)({"user": person["name"], "auth_user_obj": model.User.get(person["id"])}, data)


if __name__ == "__main__":
    main()
