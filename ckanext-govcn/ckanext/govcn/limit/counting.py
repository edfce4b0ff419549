"""Exact counts in Valkey, shared by every process of the portal: one script a request, which Valkey runs alone."""

from __future__ import annotations

import hashlib
from typing import Any

from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk
from redis import RedisError

from ckanext.govcn.limit.exceptions import CountingUnavailable
from ckanext.govcn.limit.windows import Limit, Standing

_COUNT = """
local used = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    left = tonumber(ARGV[1])
    redis.call('PEXPIRE', KEYS[1], left)
end
return {used, left}
"""
_TAKE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end return 0"


def count(limit: Limit, whose: str) -> Standing:
    """One request more. Raises CountingUnavailable."""
    used, left = _run(_COUNT, limit, whose, limit.seconds * 1000)
    return Standing(limit, int(used), int(left))


def take_back(limit: Limit, whose: str) -> None:
    """One request less: it was none of those that are counted. Raises CountingUnavailable."""
    _run(_TAKE_BACK, limit, whose)


def forget(limit: Limit, whose: str) -> None:
    """Begin anew. Raises CountingUnavailable."""
    _run("return redis.call('DEL', KEYS[1])", limit, whose)


def _run(script: str, limit: Limit, whose: str, *arguments: int) -> Any:
    try:
        return connect_to_redis().eval(script, 1, _key(limit, whose), *arguments)
    except (RedisError, OSError) as error:
        raise CountingUnavailable from error


def _key(limit: Limit, whose: str) -> str:
    """Addresses and names are not kept as such, and a changed window begins anew."""
    digest = hashlib.sha256(whose.encode("utf-8", "replace")).hexdigest()[:32]
    return f"{tk.config['ckan.site_id']}:govcn-limit:{limit.name}:{limit.seconds}:{digest}"
