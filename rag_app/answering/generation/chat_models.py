"""Loads the chat model that RAG_LLM names."""

import ipaddress
import os
import re
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel

from rag_app.answering.generation.gguf import load_gguf_model, openai_clients
from vectorstore.errors import SettingsError, require_packages
from vectorstore.provider_errors import explain_provider_error, split_spec, without_secrets

EXAMPLES = "such as RAG_LLM=openai:gpt-5-mini or RAG_LLM=gguf:/models/model.gguf"


def load_chat_model(spec: str, *, timeout_s: float = 60.0, max_retries: int = 2) -> BaseChatModel:
    """The chat model of `gguf:PATH`, or of any `provider:model` that LangChain's `init_chat_model` knows.

    Keys and addresses come from the environment by the provider's own names (`OPENAI_API_KEY`, `OPENAI_BASE_URL`).
    `timeout_s` bounds the wait for the next piece of an answer. Raises SettingsError, MissingPackageError and
    ProviderError; what the model raises later is for `explain_provider_error`.
    """
    provider, model = split_spec(spec)
    if not provider or not model:
        raise SettingsError(f"RAG_LLM={spec} names no chat model", f"set RAG_LLM=provider:model, {EXAMPLES}")
    if provider == "gguf":
        return load_gguf_model(model)
    arguments: dict[str, Any] = {"temperature": 0, "timeout": timeout_s, "max_retries": max_retries}
    if provider == "openai":
        arguments |= openai_clients(trust_env=not is_loopback(os.environ.get("OPENAI_BASE_URL")))
    if provider == "ollama":  # without its package LangChain turns to langchain-community, and fails by AttributeError
        require_packages("langchain-ollama", needed_by=spec, install="langchain-ollama")
    try:
        return init(provider, model, arguments)
    except Exception as error:  # of any class: each provider's package raises its own
        if isinstance(error, ValueError) and "Unsupported provider" in str(error):
            raise unknown_provider(spec, known=re.findall(r"\w+", str(error).rpartition(":")[2])) from error
        raise explain_provider_error(error, spec) from error


def init(provider: str, model: str, arguments: dict[str, Any]) -> BaseChatModel:
    from langchain.chat_models import init_chat_model  # here, because it costs 0.8 s

    # The provider apart from the model: where it is unknown, one string would be guessed at from its first letters.
    chat_model: BaseChatModel = init_chat_model(model, model_provider=provider, **arguments)
    refused = refused_by(chat_model)
    if refused & arguments.keys():
        kept = {name: value for name, value in arguments.items() if name not in refused}
        chat_model = init_chat_model(model, model_provider=provider, **kept)
    return chat_model


def refused_by(chat_model: BaseChatModel) -> set[str]:
    """Arguments that a request should not carry: those the class passes on unknown, and temperature where fixed."""
    unknown = set(getattr(chat_model, "model_kwargs", None) or {})
    takes_temperature = (chat_model.profile or {}).get("temperature", True)
    return unknown if takes_temperature else unknown | {"temperature"}


def is_loopback(base_url: str | None) -> bool:
    """Whether an address is this machine's; SettingsError where it is no address."""
    if not base_url:
        return False
    try:
        host = host_of(base_url)
    except ValueError as error:
        # Unchecked, langchain-openai joins what has no host to the address of an earlier client.
        raise SettingsError(
            f"OPENAI_BASE_URL={without_secrets(base_url)} is not an address",
            "write it with http:// or https://, such as OPENAI_BASE_URL=http://localhost:8000/v1",
        ) from error
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_of(base_url: str) -> str:
    url = urlsplit(base_url)
    if url.scheme not in {"http", "https"} or not url.hostname or url.port == 0:  # .port raises over 65535
        raise ValueError(base_url)
    return url.hostname


def unknown_provider(spec: str, *, known: list[str]) -> SettingsError:
    provider = spec.partition(":")[0].strip()
    nearest = get_close_matches(provider.lower(), known, n=1)
    suggestion = f"did you mean {nearest[0]}? " if nearest else ""
    return SettingsError(
        f"RAG_LLM={spec} names an unknown provider: {provider}", f"{suggestion}set RAG_LLM=provider:model, {EXAMPLES}"
    )
