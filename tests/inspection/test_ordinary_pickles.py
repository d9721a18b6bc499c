"""Pickles as today's frameworks write them pass; what looks like them and would do more than hold data does not."""

import struct

import pytest

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.judging import judge
from modelkeep_server.inspection.source import InMemory
from modelkeep_server.rules.code_allowlist import ALLOWED, HELD_ONLY, MADE_FROM_STATE_ONLY
from modelkeep_server.rules.formats import Format

_BOOSTER = b"cxgboost.core\nBooster\n"
_METRIC = b"csklearn.metrics._classification\nf1_score\n"
_SCORER = b"csklearn.metrics._scorer\n_Scorer\n"
_TRANSFORMER = b"csklearn.preprocessing._function_transformer\nFunctionTransformer\n"


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def _made(name: bytes, key: str = "a", value: bytes = b"N") -> bytes:
    """An object made empty, with a state of one entry, as frameworks write theirs."""
    return name + b")\x81}" + _text(key) + value + b"sb"


def _pickle(body: bytes) -> bytes:
    return b"\x80\x02" + body + b"."


ORDINARY = {
    "transformer of a function": _made(_TRANSFORMER, "func", b"cnumpy\nlog1p\n"),
    "scorer": _SCORER
    + b")\x81}("
    + _text("_score_func")
    + _METRIC
    + _text("_response_method")
    + _text("predict")
    + b"ub",
    "scorer of several": _made(_SCORER, "_response_method", _text("predict") + _text("decision_function") + b"\x86"),
    "pooling": _made(b"csklearn.cluster._agglomerative\nFeatureAgglomeration\n", "pooling_func", b"cnumpy\nmean\n"),
    "distance": b"csklearn.metrics._dist_metrics\nnewObj\ncsklearn.metrics._dist_metrics\nChebyshevDistance64\n\x85R",
    "layer": _made(b"ctorch.nn.modules.linear\nLinear\n", "in_features", b"K\x04"),
    "arguments of a run": _made(b"cargparse\nNamespace\n", "lr", b"K\x01"),
    "path": b"cpathlib._local\nPosixPath\n" + _text("data") + b"\x85R",
    "missing value": b"cpandas\nNA\n",
    "record array": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy.rec\nrecarray\nK\x00\x85C\x01btR",
    "texts of NumPy 2": b"cnumpy._core._internal\n_convert_to_stringdtype_kwargs\n\x88\x85R",
    "booster": _made(_BOOSTER, "handle", b"N"),
    "booster of protocol 0": b"ccopyreg\n_reconstructor\n(" + _BOOSTER + b"cbuiltins\nobject\nNtR}" + b"b",
    "booster of CatBoost": _made(b"ccatboost.core\nCatBoostClassifier\n", "__model", b"N"),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_what_frameworks_write_is_allowed(name: str) -> None:
    """Estimators with functions that only compute, boosters, layers, and what stands beside them."""
    verdict, findings = judge(Format.PICKLE, InMemory(_pickle(ORDINARY[name])))

    assert verdict is Verdict.CODE_ALLOWLISTED, findings


def test_a_whole_module_of_an_old_file_is_allowed() -> None:
    """What PyTorch before 1.6 wrote refers to classes with their text beside them; layers of its own do no harm."""
    layer = b"ctorch.nn.modules.linear\nLinear\n"
    body = b"(" + _text("module") + layer + _text("linear.py") + _text("class Linear: ...") + b"tQ)\x81}b"
    other = body.replace(b"torch.nn.modules.linear\nLinear", b"collections\nOrderedDict")

    found = [judge(Format.PYTORCH_LEGACY, InMemory(_legacy(one)))[0] for one in (body, other)]

    assert found == [Verdict.CODE_ALLOWLISTED, Verdict.BLOCKED]


def _legacy(body: bytes) -> bytes:
    start = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    return start + _pickle(b"M\xe9\x03") + _pickle(b"}") + _pickle(body) + _pickle(b"]")


MORE_THAN_DATA = {
    "function called": b"cnumpy\nmean\nN\x85R",
    "metric called": _METRIC + b"NN\x86R",
    "function made": _METRIC + b")\x81",
    "scorer of another method": _made(_SCORER, "_response_method", _text("query")),
    "scorer of several methods": _made(_SCORER, "_response_method", _text("predict") + _text("to_pickle") + b"\x86"),
    "scorer of no method": _made(_SCORER, "_sign", b"K\x01"),
    "scorer made out of sight": b"ccopyreg\n_reconstructor\n("
    + _SCORER
    + b"cbuiltins\nobject\nNtR}"
    + _text("_response_method")
    + _text("query")
    + b"sb",
    "scorer that is called": _SCORER + _METRIC + b"K\x01}\x87R",
    "booster for a function": _made(_TRANSFORMER, "func", _BOOSTER),
    "booster in a list": b"](" + _BOOSTER + b"e",
    "booster in a tuple": _BOOSTER + b"NN\x87",
    "booster beside what makes it": _TRANSFORMER
    + b")\x81}("
    + _BOOSTER
    + b"cbuiltins\nobject\n"
    + _text("func")
    + _BOOSTER
    + b"ub",
    "booster as a state": _TRANSFORMER + b")\x81" + _BOOSTER + b"b",
    "booster from the memo": _BOOSTER + b"q\x00)\x81" + _made(_TRANSFORMER, "func", b"h\x00") + b"0",
    "booster called": b"ccatboost.core\nCatBoost\n" + _text("/etc/passwd") + b"\x85R",
    # Each of these does something with its state as it is set.
    "distribution": _made(b"cscipy.stats._continuous_distns\nuniform_gen\n", "_parse_arg_template", _text("code")),
    "recurrent layer": _made(b"ctorch.nn.modules.rnn\nLSTM\n", "_flat_weights_names", b"]"),
    "ufunc by its name": b"cnumpy.core\n_ufunc_reconstruct\n" + _text("os") + _text("system") + b"\x86R",
    "tensor as bytes": b"ctorch.storage\n_load_from_bytes\nC\x01a\x85R",
    "class made": b"cbuiltins\ntype\n" + _text("x") + b")}\x87R",
    "distance of a function": b"csklearn.metrics._dist_metrics\nPyFuncDistance64\n",
}


@pytest.mark.parametrize("name", MORE_THAN_DATA)
def test_what_does_more_than_hold_data_is_refused(name: str) -> None:
    """Functions are held and not called, and classes that may open files are handed to nobody."""
    verdict, findings = judge(Format.PICKLE, InMemory(_pickle(MORE_THAN_DATA[name])))

    assert verdict is Verdict.BLOCKED, findings


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("torch.storage\n_load_from_bytes", "Save tensors with torch.save"),
        ("torch.nn.modules.rnn\nLSTM", "Save the state_dict()"),
        ("__main__\nNet", "code of the program"),
    ],
)
def test_a_refusal_says_how_to_save_it_instead(name: str, words: str) -> None:
    """Where there is a way that passes, the finding says so."""
    _, findings = judge(Format.PICKLE, InMemory(_pickle(b"c" + name.encode() + b"\n")))

    assert words in findings[0].detail


def test_what_has_a_condition_is_on_the_list() -> None:
    """A name that may be held only, or made from its state only, is one that may be loaded; none is both."""
    for rows in (HELD_ONLY, MADE_FROM_STATE_ONLY):
        assert all(names <= ALLOWED[module] for module, names in rows.items())
    assert not set(HELD_ONLY) & set(MADE_FROM_STATE_ONLY)
