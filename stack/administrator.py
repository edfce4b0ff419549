"""The first administrator: made once, with a random password that is shown once and stored nowhere.

Runs in .venv (`python -m stack.administrator`): reads nothing, prints one JSON object or null on the last line.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from typing import Any

NAME = "admin"


def create() -> dict[str, str] | None:
    """Make the administrator where the site has none. Returns name and password, or None."""
    from ckan import model
    from ckan.cli import load_config
    from ckan.config.middleware import make_app
    from ckan.logic import get_action

    app: Any = make_app(load_config(os.environ["CKAN_INI"]))
    with app._wsgi_app.test_request_context():
        if model.Session.query(model.User).filter_by(name=NAME).count():
            return None
        password = secrets.token_urlsafe(12)
        context: Any = {"ignore_auth": True, "model": model, "session": model.Session, "user": ""}
        get_action("user_create")(
            context,
            {"name": NAME, "password": password, "email": f"{NAME}@localhost.localdomain"},
        )
        model.Session.query(model.User).filter_by(name=NAME).update({"sysadmin": True})
        model.Session.commit()
        return {"name": NAME, "password": password}


if __name__ == "__main__":
    print(json.dumps(create()))
    sys.exit(0)
