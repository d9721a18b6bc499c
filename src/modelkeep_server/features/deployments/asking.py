"""Reading what somebody asks to be live: addresses, shares, and words."""

from collections.abc import Iterator, Sequence
from math import isfinite

from modelkeep_server.features.deployments.views import WHOLE, Asked, NewPart
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.views import Model
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid

#: How many versions of a model may be live in one environment.
PARTS_MAX = 20
REGION_CHARS = 60
ENDPOINT_CHARS = 500


def demand_readable(asked: Asked) -> None:
    """Raises Invalid, naming every field of what is asked that cannot be right, whatever the registry holds."""
    faults = [*find_reason_faults(asked.reason), *_find_faults(asked.live)]
    if not asked.environment.strip():
        faults.append(FieldError("environment", "Name the environment, by its name or id."))
    if faults:
        raise Invalid.of(faults)


def find_model_address(asked: Asked) -> tuple[str, str]:
    """The group and name of the one model that is asked about, as it or its versions name it. Raises Invalid."""
    named = [part.version.rpartition(":")[0] for part in asked.live if ":" in part.version]
    told = [asked.model] if asked.model else []
    models = {address.strip().lower(): address.strip() for address in (*told, *named)}
    if not models:
        raise Invalid.of([FieldError("model", "Name the model as GROUP/NAME.")])
    if len(models) > 1:
        both = " and ".join(sorted(models.values())[:2])
        raise Invalid.of([FieldError("live", f"One deployment is of one model; this names {both}.")])
    group, slash, name = next(iter(models.values())).partition("/")
    if not (group and slash and name) or "/" in name:
        where = "model" if asked.model else "live.0.version"
        raise Invalid.of([FieldError(where, "Write it as GROUP/NAME, and a version of it as GROUP/NAME:VERSION.")])
    return group, name


def read_parts(asked: Asked, model: Model) -> tuple[tuple[NewPart, str, int], ...]:
    """
    Each part with the number of its version and its share in hundredths of a percent. Raises Invalid where a version of
    the model is named twice.
    """
    parts = tuple(
        (part, part.version.rpartition(":")[2].strip(), round(part.share * 100)) for part in asked.live
    )  # fmt: skip
    numbers = [number for _, number, _ in parts]
    for place, number in enumerate(numbers):
        if number in numbers[:place]:
            said = f"{model.address}:{number} is named twice. Name it once, with its whole share."
            raise Invalid.of([FieldError(f"live.{place}.version", said)])
    return parts


def _find_faults(live: Sequence[NewPart]) -> Iterator[FieldError]:
    if len(live) > PARTS_MAX:
        yield FieldError("live", f"At most {PARTS_MAX} versions at once; these are {len(live)}.")
        return
    for place, part in enumerate(live):
        if not part.version.strip():
            yield FieldError(f"live.{place}.version", "Name the version as GROUP/NAME:VERSION.")
        if not isfinite(part.share) or not 0 < part.share <= 100:
            yield FieldError(
                f"live.{place}.share", "More than 0 and at most 100 percent. Leave out a version that gets none."
            )
        elif abs(part.share * 100 - round(part.share * 100)) > 1e-9 or round(part.share * 100) == 0:
            yield FieldError(f"live.{place}.share", "At most two decimals, for instance 12.25.")
        if part.endpoint_url:
            fault = texts.find_url_fault(part.endpoint_url, max_chars=ENDPOINT_CHARS)
            if fault:
                yield FieldError(f"live.{place}.endpointUrl", fault)
        fault = texts.find_text_fault(part.region or "", max_chars=REGION_CHARS)
        if fault:
            yield FieldError(f"live.{place}.region", fault)
    total = sum(round(part.share * 100) for part in live if 0 < part.share <= 100)
    if total > WHOLE:
        yield FieldError(
            "live", f"The shares come to {total / 100:g} %. Lower some, so that they come to at most 100 %."
        )
