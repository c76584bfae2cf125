"""tmp"""

from collections.abc import Iterator
from contextlib import contextmanager

from vectorstore.errors import ProviderError, RagError


@contextmanager
def translated_provider_errors(name: str) -> Iterator[None]:
    try:
        yield
    except RagError:
        raise
    except Exception as error:
        raise ProviderError(f"{name}: {error}", "check") from error


def explain_provider_error(error: Exception, name: str) -> ProviderError:
    return ProviderError(f"{name}: {error}", "check")
