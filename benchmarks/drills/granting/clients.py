"""Many clients that download at once, each over a connection of its own that stays open."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

OK, REFUSED = 200, 429


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: when it was asked for and had come (`time.monotonic`), and what it said."""

    asked: float
    came: float
    status: int
    headers: dict[str, str]


@dataclass
class Portal:
    """The platform's address and the download's path."""

    url: str
    path: str
    answers: list[Answer] = field(default_factory=list[Answer])

    def connection(self) -> HTTPConnection:
        """A new connection."""
        return HTTPConnection("127.0.0.1", urlsplit(self.url).port or 80, timeout=60)

    def get(self, connection: HTTPConnection, key: str) -> Answer:
        """One download."""
        headers = {"Host": urlsplit(self.url).netloc, "Authorization": f"Bearer {key}"}
        asked = time.monotonic()
        connection.request("GET", self.path, headers=headers)
        response = connection.getresponse()
        response.read()
        return Answer(asked, time.monotonic(), response.status, {k.lower(): v for k, v in response.getheaders()})

    def call(self, action: str, token: str, **data: Any) -> dict[str, Any]:
        """An action of the API. Raises SystemExit with what it said when it refuses."""
        connection = self.connection()
        headers = {"Host": urlsplit(self.url).netloc, "Authorization": token, "Content-Type": "application/json"}
        connection.request("POST", f"/api/3/action/{action}", json.dumps(data), headers)
        response = connection.getresponse()
        said = json.loads(response.read())
        connection.close()
        if response.status != OK:
            raise SystemExit(f"{action}: {said}")
        return said["result"]

    def hammered(self, key: str, clients: int, enough: Callable[[int], bool]) -> list[Answer]:
        """All answers to clients that ask again at once, until `enough` (of how many answers there are) says so."""
        answers: list[Answer] = []
        start = threading.Barrier(clients)

        def client() -> None:
            connection = self.connection()
            start.wait()
            while not enough(len(answers)):
                answers.append(self.get(connection, key))
            connection.close()

        threads = [threading.Thread(target=client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers
