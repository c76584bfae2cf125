"""From settings to rows that say of each its value and where it comes from; of secrets only whether they are set."""

import os
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import SecretStr

from rag_app.settings import PREFIX, Settings
from vectorstore.provider_failures import without_secrets

Origin = Literal["default", "environment", "chosen here"]
SET, UNSET = "set", "unset"
# The providers' own, which a model that is named reads.
PROVIDER_KEY, PROVIDER_URL = "OPENAI_API_KEY", "OPENAI_BASE_URL"


@dataclass(frozen=True, slots=True)
class SettingRow:
    name: str
    value: str
    origin: Origin
    description: str


def setting_rows(settings: Settings, chosen: dict[str, Any]) -> list[SettingRow]:
    """Every setting; `chosen` are those of this session, which win over the environment."""
    named = {name.upper() for name, value in os.environ.items() if value}
    rows = []
    for name, field in Settings.model_fields.items():
        variable = f"{PREFIX}{name.upper()}"
        origin: Origin = "chosen here" if name in chosen else "environment" if variable in named else "default"
        rows.append(SettingRow(variable, shown(getattr(settings, name)), origin, field.description or ""))
    return [*rows, *provider_rows()]


def provider_rows() -> list[SettingRow]:
    key, url = os.environ.get(PROVIDER_KEY), os.environ.get(PROVIDER_URL)
    return [
        SettingRow(PROVIDER_KEY, SET if key else UNSET, origin_of(key), "the key of openai:... models"),
        SettingRow(PROVIDER_URL, shown(url or None), origin_of(url), "another OpenAI-compatible server"),
    ]


def origin_of(value: str | None) -> Origin:
    return "environment" if value else "default"


def shown(value: object) -> str:
    if value is None:
        return UNSET
    if isinstance(value, SecretStr):
        return SET
    if isinstance(value, bool):
        return "yes" if value else "no"
    return without_secrets(str(value))
