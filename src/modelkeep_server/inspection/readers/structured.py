"""What JSON and YAML tell: configurations, MLmodel, tokenizers, XGBoost, references to images."""

from typing import Any

import yaml

from modelkeep_server.inspection.readers import tokenizers, xgboost
from modelkeep_server.inspection.readers.bounded import JSON_DEPTH_MAX, Misfit, parse_json
from modelkeep_server.inspection.readers.tidying import Facts, Port, pick, schema_of, some, text_at, tidy
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules import images
from modelkeep_server.rules.formats import Format

_EVENTS_MAX = 100_000
_REFERENCE_FILE_MAX = 4_096
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> Any:
    """
    One document of plain YAML: no aliases, no tags of programs, not deep. Raises Misfit.

    Aliases let a small file grow without bound; nothing that describes a model needs them.
    """
    depth = 0
    try:
        for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            if isinstance(event, yaml.AliasEvent) or count > _EVENTS_MAX:
                raise Misfit
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > JSON_DEPTH_MAX:
                raise Misfit
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader: it makes plain values and nothing else
    except yaml.YAMLError as error:
        raise Misfit from error


def kind_of(told: Any, source: Source) -> Format:
    """Which kind of JSON a value is."""
    if not isinstance(told, dict):
        return Format.JSON
    if isinstance(told.get("learner"), dict) and isinstance(told.get("version"), list):
        return Format.XGBOOST_JSON
    if tokenizers.is_tokenizer(told):
        return Format.TOKENIZER_JSON
    if read_reference(told, source) is not None:
        return Format.IMAGE_REFERENCE
    return Format.VOCABULARY if tokenizers.is_numbered(told) else Format.JSON


def read_reference(told: Any, source: Source) -> str | None:
    """The image that a reference names, where the file is just as rules/images.py writes it; else None."""
    image = told.get("image") if isinstance(told, dict) else None
    if not isinstance(image, str) or not images.is_reference(image) or source.size_bytes > _REFERENCE_FILE_MAX:
        return None
    return image if source.read(0, _REFERENCE_FILE_MAX) == images.file_of(image) else None


def json_header(told: Any, source: Source) -> Header:
    """A header of JSON, by its kind."""
    kind = kind_of(told, source)
    if kind is Format.XGBOOST_JSON:
        return xgboost.to_header(told)
    if kind is Format.TOKENIZER_JSON:
        return tokenizers.to_header(told)
    if kind is Format.IMAGE_REFERENCE:
        return reference_header(told["image"])
    if kind is Format.VOCABULARY:
        return Header(facts=Facts().add("Vocabulary", len(told)).done())
    return config_header(told)


def reference_header(image: str) -> Header:
    """A header of a reference to an image."""
    name, _, digest = image.partition("@")
    return Header(facts=Facts().add("Image", name).add("Digest", digest).done(), image_digest=images.digest_of(image))


_CONFIG_KEYS = ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size",
                "vocab_size", "max_position_embeddings", "n_layer", "n_head", "n_embd", "hidden_act", "dropout",
                "learning_rate", "num_labels", "rope_theta")  # fmt: skip


def config_header(told: Any) -> Header:
    """A header of a configuration, as of Hugging Face; facts only, where it is another."""
    if not isinstance(told, dict):
        return Header(facts=Facts().add("Entries", len(told)).done() if isinstance(told, list) else ())
    architectures = told.get("architectures")
    architecture = architectures[0] if isinstance(architectures, list) and architectures else None
    facts = Facts().add("Keys", ", ".join(str(key) for key in list(told)[:20]))
    facts.add("Architecture", some(architecture)).add("dtype", text_at(told, "torch_dtype") or text_at(told, "dtype"))
    version = text_at(told, "transformers_version")
    return Header(
        framework="transformers" if version else None,
        framework_version=version,
        model_type=text_at(told, "model_type") or some(architecture),
        license=text_at(told, "license"),
        hyperparameters=(pick(told, _CONFIG_KEYS) or None) if version else None,
        facts=facts.done(),
    )


_FLAVORS = {"sklearn": ("scikit-learn", "sklearn_version"), "pytorch": ("pytorch", "pytorch_version"),
            "tensorflow": ("tensorflow", "version"), "keras": ("keras", "keras_version"),
            "xgboost": ("xgboost", "xgb_version"), "lightgbm": ("lightgbm", "lgb_version"),
            "catboost": ("catboost", "catboost_version"), "onnx": ("onnx", "onnx_version"),
            "transformers": ("transformers", "transformers_version"),
            "statsmodels": ("statsmodels", "statsmodels_version"),
            "spark": ("spark", "pyspark_version"), "prophet": ("prophet", "prophet_version")}  # fmt: skip


def yaml_header(told: Any) -> Header:
    """A header of YAML: of an MLmodel where it is one."""
    if not isinstance(told, dict):
        raise Misfit
    flavors = told.get("flavors")
    if not isinstance(flavors, dict):
        return Header(facts=Facts().add("Keys", ", ".join(str(key) for key in list(told)[:20])).done())
    flavor = next((name for name in _FLAVORS if isinstance(flavors.get(name), dict)), None)
    framework, key = _FLAVORS.get(flavor or "", (None, ""))
    signature = told.get("signature")
    facts = (
        Facts().add("Flavors", ", ".join(str(name) for name in flavors)).add("MLflow", text_at(told, "mlflow_version"))
    )
    facts.add("Run", text_at(told, "run_id")).add("Python", text_at(flavors, "python_function", "python_version"))
    facts.add("Made", text_at(told, "utc_time_created")).add("Model", text_at(told, "model_uuid"))
    return Header(
        framework=framework,
        framework_version=text_at(flavors, flavor or "", key),
        model_type=text_at(flavors, flavor or "", "model_class") or text_at(flavors, flavor or "", "task"),
        input_schema=_signature(signature, "inputs"),
        output_schema=_signature(signature, "outputs"),
        hyperparameters=tidy(told["metadata"]) if isinstance(told.get("metadata"), dict) else None,
        facts=facts.done(),
    )


def _signature(signature: Any, part: str) -> dict[str, Any] | None:
    """A JSON Schema of MLflow's columns or tensors. Source: mlflow/types/schema.py."""
    raw = signature.get(part) if isinstance(signature, dict) else None
    if not isinstance(raw, str):
        return None
    columns = parse_json(raw.encode())
    if not isinstance(columns, list):
        return None
    ports, required = [], []
    for number, column in enumerate(columns[:200]):
        if not isinstance(column, dict):
            continue
        name = text_at(column, "name") or f"{part.removesuffix('s')}{number}"
        spec = column.get("tensor-spec")
        dtype = text_at(spec, "dtype") if isinstance(spec, dict) else text_at(column, "type")
        shape = spec.get("shape") if isinstance(spec, dict) else None
        ports.append(Port(name, dtype or "unknown", _shape(shape)))
        required += [name] if column.get("required", True) is not False else []
    schema = schema_of(ports)
    return (
        None if schema is None else {**schema, "required": [name for name in required if name in schema["properties"]]}
    )


def _shape(shape: Any) -> tuple[int | None, ...] | None:
    if not isinstance(shape, list) or len(shape) > 16:
        return None
    return tuple(length if type(length) is int and length >= 0 else None for length in shape)
