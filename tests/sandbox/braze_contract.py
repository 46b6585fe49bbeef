"""The contract file as tests use it: its operations, and whether a request or an answer fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import jsonschema
import yaml

METHODS = ("get", "post")
RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
JSON = "application/json"


@dataclass(frozen=True)
class ContractOperation:
    """One path and method of the file."""

    method: str
    path: str
    document: dict[str, Any]

    @property
    def permission(self) -> str:
        """The key permission it needs."""
        return self.document["x-permission"]

    @property
    def success(self) -> int:
        """The first 2xx status it documents."""
        return next(int(s) for s in self.document["responses"] if s.startswith("2"))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Contract:
    """openapi.yaml beside the sandbox."""

    def __init__(self) -> None:
        source = files("services.sandbox").joinpath("openapi.yaml").read_text(encoding="utf-8")
        self.document = yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._validators: dict[int, jsonschema.Draft202012Validator] = {}

    @cached_property
    def operations(self) -> list[ContractOperation]:
        """Every operation of the file, in its order."""
        return [
            ContractOperation(method.upper(), path, item[method])
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        ]

    def operation(self, method: str, path: str) -> ContractOperation:
        """One operation. Raises StopIteration where the file has none."""
        return next(o for o in self.operations if (o.method, o.path) == (method.upper(), path))

    def request_problems(
        self, operation: ContractOperation, *, query: dict[str, Any], body: Any
    ) -> list[str]:
        """What a request has against the file: typed query values, body, missing parameters."""
        found = []
        for parameter in map(self._follow, operation.document.get("parameters", [])):
            name = parameter["name"]
            if parameter["in"] == "query" and name in query:
                found += self._problems(parameter["schema"], query[name], f"query {name}")
            elif parameter.get("required") and parameter["in"] == "query":
                found.append(f"query {name} is missing")
        if "requestBody" in operation.document:
            schema = operation.document["requestBody"]["content"][JSON]["schema"]
            found += self._problems(schema, body, "body")
        return found

    def answer_problems(
        self, operation: ContractOperation, status: int, headers: Any, body: Any
    ) -> list[str]:
        """What an answer has against the file: its status, its body, its rate headers."""
        responses = operation.document["responses"]
        given = responses.get(str(status), responses.get(f"{status // 100}XX"))
        if given is None:
            return [f"status {status} is not documented"]
        response = self._follow(given)
        found = self._problems(response["content"][JSON]["schema"], body, f"body of {status}")
        documented = response.get("headers", {})
        for name in RATE_HEADERS:
            if name not in headers:
                found.append(f"no header {name} on {status}")
            elif name in documented:
                schema = self._follow(documented[name])["schema"]
                found += self._problems(schema, headers[name], f"header {name}")
        return found

    def _problems(self, schema: dict[str, Any], value: Any, where: str) -> list[str]:
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {**schema, "components": self.document["components"]}
            validator = self._validators[id(schema)] = jsonschema.Draft202012Validator(whole)
        return [f"{where}{e.json_path[1:]}: {e.message}" for e in validator.iter_errors(value)]

    def _follow(self, node: dict[str, Any]) -> dict[str, Any]:
        """What a local reference points to."""
        while "$ref" in node:
            target: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node
