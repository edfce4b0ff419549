"""Every action and route is in the registry of surfaces: whoever adds one says what it carries and what guards it."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import NotFound

pytestmark = pytest.mark.access

ADVICE = "add it to ckanext/govcn/access/surfaces.yaml with what it carries and its guard, and a probe of the suite"


def test_every_action_is_registered(clean):
    from ckan import logic
    from ckanext.govcn.access import surfaces

    logic.get_action("package_show")  # fills the table
    missing = sorted(name for name in logic._actions if not surfaces.find("action", name))
    assert not missing, f"{ADVICE}: {missing}"


def test_every_route_is_registered(clean, app):
    from ckanext.govcn.access import surfaces

    endpoints = {rule.endpoint for rule in app.flask_app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    missing = sorted(name for name in endpoints if not surfaces.find("route", name))
    assert not missing, f"{ADVICE}: {missing}"


def test_every_guard_is_explained():
    from ckanext.govcn.access import surfaces

    assert {s.guard for s in surfaces.registry()} <= set(surfaces.guards())
    assert {s.carries for s in surfaces.registry()} <= {"data", "entry", "none"}


def test_no_surface_is_registered_twice():
    from ckanext.govcn.access import surfaces

    names = [(s.kind, s.name) for s in surfaces.registry()]
    assert len(names) == len(set(names))


def test_cores_download_is_never_reached(clean, app, monkeypatch):
    """By its own route, and where a dataset type of another plugin brings core's along."""
    from ckanext.govcn.access import views

    asked = []
    monkeypatch.setattr(views, "_find", lambda package, resource: asked.append(resource) or views.base.abort(404))
    urls = app.flask_app.url_map.bind("localhost")
    endpoint, _arguments = urls.match("/dataset/x/resource/y/download/z.csv")
    assert app.flask_app.view_functions[endpoint] is views.download
    app.get("/dataset/x/resource/y/download/z.csv")
    with app.flask_app.test_request_context("/dataset/x/resource/core/download"):
        from flask import request

        rules = [rule for rule in app.flask_app.url_map.iter_rules() if rule.endpoint == "dataset_resource.download"]
        request.url_rule, request.view_args = rules[0], {"id": "x", "resource_id": "core"}
        with pytest.raises(NotFound):
            app.flask_app.preprocess_request()
    assert asked == ["y", "core"]


def test_answers_to_a_person_are_not_for_shared_caches(clean, app):
    from ckan.tests import factories

    token = factories.UserWithToken()["token"]
    path = "/api/3/action/package_list"
    assert "private" in app.get(path, headers={"Authorization": token}).headers["Cache-Control"]
    assert "public" not in app.get(path, headers={"Authorization": token}).headers["Cache-Control"]
