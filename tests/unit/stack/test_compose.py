"""docker-compose.yml against the Compose specification's schema (as check-jsonschema carries it) and our own promises."""

import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
ONE_SHOT = {"solr-home", "migrate"}
SECRETS = ("PASSWORD", "SECRET")


def test_follows_the_compose_specification():
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(COMPOSE)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_every_lasting_service_is_watched_and_restarted(name):
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"]


def test_no_secret_has_a_default():
    for variable, rest in re.findall(r"\$\{([A-Z_]+)([^}]*)\}", TEXT):
        if any(word in variable for word in SECRETS):
            assert rest.startswith(":?"), f"{variable} must be required"


def test_no_secret_is_written_down():
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if any(word in variable for word in SECRETS):
                assert str(value).startswith("${")


def test_only_the_proxy_is_reachable_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(SERVICES[name]["networks"] == ["inside"] for name in ("postgres", "valkey", "solr"))


def test_every_mounted_file_exists_and_every_volume_is_declared():
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_every_variable_is_explained_in_the_example():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    required = {name for name, rest in re.findall(r"\$\{([A-Z_]+)([^}]*)\}", TEXT) if rest.startswith(":?")}
    assert required == set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE))
