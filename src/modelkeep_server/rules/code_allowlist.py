"""
What a pickle may name: classes and functions that build plain data, whatever they are called with. All else is refused.

A name belongs here only where calling it with any arguments, and setting any state on what it gives, opens no file,
starts no program, imports no module and looks up no attribute by name. So `getattr`, `operator.attrgetter`,
`functools.partial`, `numpy.load`, `torch.load` and every wrapper that takes a function do not. Classes of estimators
hold what they were trained to; they do nothing until their methods are called by whoever loads them. A function that
only computes may be held by one (`HELD_ONLY`), but not called while loading.

Some that look harmless are not, and stay off: distributions of scipy.stats run text of their state when it is set;
`torch.storage._load_from_bytes` loads another pickle; recurrent layers of PyTorch look attributes up by names of their
state; `type` makes classes; ufuncs as older NumPy writes them (`_ufunc_reconstruct`) import what they are told.

A change here is a change of the rules: raise RULE_VERSION in `inspection/report.py`.
"""

from collections.abc import Mapping

from modelkeep_server.rules.allowed_estimators import SKLEARN

#: Old names of modules, as pickles of Python 2, of older NumPy and of older scikit-learn write them.
RENAMED_MODULES: Mapping[str, str] = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "numpy._core.multiarray": "numpy.core.multiarray",
    "numpy._core.numeric": "numpy.core.numeric",
    "numpy._core._internal": "numpy.core._internal",
    "pathlib._local": "pathlib",
    "sklearn.externals.joblib.numpy_pickle": "joblib.numpy_pickle",
    "sklearn.neighbors.dist_metrics": "sklearn.metrics._dist_metrics",
    "sklearn.neighbors._dist_metrics": "sklearn.metrics._dist_metrics",
    "pandas.core.indexes.numeric": "pandas.core.indexes.base",
}

_BUILTINS = """
    bool bytearray bytes complex dict float frozenset int list object range set slice str tuple Ellipsis NotImplemented
"""
_PYTHON = {
    "builtins": _BUILTINS,
    "copyreg": "_reconstructor",
    "_codecs": "encode",
    "argparse": "Namespace",
    "array": "array _array_reconstructor",
    "collections": "OrderedDict defaultdict deque Counter",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "pathlib": "PurePath PurePosixPath PureWindowsPath Path PosixPath WindowsPath",
    "types": "SimpleNamespace",
    "uuid": "UUID",
}
_NUMPY = {
    "numpy": """
        ndarray dtype matrix recarray record bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32
        float64 longdouble float128 complex64 complex128 str_ bytes_ void datetime64 timedelta64 intc intp uintc uintp
        short ushort byte ubyte longlong ulonglong single double
    """,
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy.core.numeric": "_frombuffer",
    "numpy.core._internal": "_convert_to_stringdtype_kwargs",
    "numpy.rec": "recarray record",
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": "MaskedArray _mareconstruct",
    "numpy.random._pickle": "__randomstate_ctor __generator_ctor __bit_generator_ctor",
    "numpy.random._mt19937": "MT19937 _legacy_seeding",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "numpy.random.mtrand": "RandomState",
    "numpy.random._generator": "Generator",
    # The array types themselves, where an older NumPy wrote them by their class module.
    "numpy.dtypes": """
        BoolDType Int8DType Int16DType Int32DType Int64DType UInt8DType UInt16DType UInt32DType UInt64DType
        Float16DType Float32DType Float64DType Complex64DType Complex128DType StrDType BytesDType VoidDType
        ObjectDType StringDType
    """,
}
_SCIPY = {
    "scipy.sparse._csr": "csr_matrix csr_array",
    "scipy.sparse._csc": "csc_matrix csc_array",
    "scipy.sparse._coo": "coo_matrix coo_array",
    "scipy.sparse._dia": "dia_matrix dia_array",
    "scipy.sparse._dok": "dok_matrix dok_array",
    "scipy.sparse._lil": "lil_matrix lil_array",
    "scipy.sparse._bsr": "bsr_matrix bsr_array",
    "scipy.sparse.csr": "csr_matrix",
    "scipy.sparse.csc": "csc_matrix",
    "scipy.sparse.coo": "coo_matrix",
    "scipy.sparse.dia": "dia_matrix",
    "scipy.interpolate._interpolate": "interp1d PPoly",
    "scipy.interpolate._bsplines": "BSpline",
    "scipy.spatial._kdtree": "KDTree",
    "scipy.spatial._ckdtree": "cKDTree",
}
_PANDAS = {
    "pandas": "Categorical CategoricalDtype DataFrame DatetimeIndex Index MultiIndex NA RangeIndex Series StringDtype",
    "pandas.arrays": "DatetimeArray TimedeltaArray IntegerArray BooleanArray FloatingArray StringArray",
    "pandas.core.arrays.datetimes": "DatetimeArray",
    "pandas.core.frame": "DataFrame",
    "pandas.core.series": "Series",
    "pandas.core.indexes.base": "Index _new_Index Int64Index Float64Index UInt64Index",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.category": "CategoricalIndex",
    "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.core.internals.blocks": "new_block",
    "pandas._libs.internals": "_unpickle_block",
    "pandas.core.dtypes.dtypes": "CategoricalDtype DatetimeTZDtype",
    "pandas.core.arrays.categorical": "Categorical",
    "pandas.core.arrays.string_": "StringDtype StringArray",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp Timestamp",
    "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle Timedelta",
    "pandas._libs.tslibs.nattype": "_nat_unpickle",
}
_JOBLIB = {
    "joblib.numpy_pickle": "NumpyArrayWrapper",
}
_TORCH_DTYPES = """
    float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex32 complex64
    complex128 float half double short int long quint8 qint8 qint32 float8_e4m3fn float8_e5m2 float8_e4m3fnuz
    float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 quint4x2 quint2x4 bits8 bits16 bits1x8 bits2x4 bits4x2 int1 int2
    int3 int4 int5 int6 int7 uint1 uint2 uint3 uint4 uint5 uint6 uint7 cfloat cdouble chalf per_tensor_affine
    per_channel_affine per_tensor_symmetric per_channel_symmetric per_channel_affine_float_qparams strided sparse_coo
    sparse_csr sparse_csc sparse_bsr sparse_bsc jagged contiguous_format preserve_format channels_last channels_last_3d
"""
TORCH_STORAGES: Mapping[str, int] = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4,
    "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1, "ComplexDoubleStorage": 16,
    "ComplexFloatStorage": 8, "QInt8Storage": 1, "QUInt8Storage": 1, "QInt32Storage": 4, "UntypedStorage": 1,
}  # fmt: skip
_TORCH = {
    "torch": f"{' '.join(TORCH_STORAGES)} {_TORCH_DTYPES} Size Tensor device",
    "torch.storage": "UntypedStorage",
    "torch.nn.parameter": "Parameter",
    "torch._tensor": "_rebuild_from_type_v2",
    "torch._utils": """
        _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state
        _rebuild_sparse_tensor _rebuild_qtensor _rebuild_meta_tensor_no_storage _rebuild_nested_tensor
        _rebuild_device_tensor_from_numpy
    """,
    "torch.serialization": "_get_layout",
}
#: Layers that set their state and no more; whatever they call in use is their own, or held here as well.
_LAYERS = {
    "activation": """
        CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish
        MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink
        Softsign Tanh Tanhshrink Threshold
    """,
    "batchnorm": "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm",
    "container": "ModuleDict ModuleList ParameterDict ParameterList Sequential",
    "conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
    "distance": "CosineSimilarity PairwiseDistance",
    "dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout",
    "flatten": "Flatten Unflatten",
    "fold": "Fold Unfold",
    "instancenorm": "InstanceNorm1d InstanceNorm2d InstanceNorm3d",
    "linear": "Bilinear Identity Linear NonDynamicallyQuantizableLinear",
    "loss": "BCELoss BCEWithLogitsLoss CrossEntropyLoss HuberLoss KLDivLoss L1Loss MSELoss NLLLoss SmoothL1Loss",
    "normalization": "CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm",
    "padding": """
        CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d
        ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d
    """,
    "pixelshuffle": "PixelShuffle PixelUnshuffle",
    "pooling": """
        AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
        AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d
        MaxUnpool3d
    """,
    "sparse": "Embedding EmbeddingBag",
    "transformer": """
        Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer
    """,
    "upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
}
_TORCH_LAYERS = {f"torch.nn.modules.{module}": names for module, names in _LAYERS.items()}
_BOOSTERS = {
    "xgboost.core": "Booster",
    "xgboost.sklearn": "XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor",
    "lightgbm.basic": "Booster",
    "lightgbm.sklearn": "LGBMClassifier LGBMRegressor LGBMRanker LGBMModel",
    "catboost.core": "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker",
}

_SCORERS = {"sklearn.metrics._scorer": "_Scorer"}

#: Classes whose call may open a file, or whose state is looked at (`METHODS_NAMED`). A pickle may make an empty one and
#: set its state, and no more.
MADE_FROM_STATE_ONLY: Mapping[str, frozenset[str]] = {
    module: frozenset(names.split()) for module, names in (_BOOSTERS | _SCORERS).items()
}

#: Of these, where the state names the method that they call on an estimator in use; and the methods that it may be.
METHODS_NAMED: Mapping[str, str] = {
    f"{module}.{name}": "_response_method" for module, names in _SCORERS.items() for name in names.split()
}
METHODS_ALLOWED = frozenset({"predict", "predict_proba", "decision_function", "predict_log_proba"})

#: Functions that only compute on what they are given, which objects keep for later.
_FUNCTIONS = {
    "numpy": """
        abs absolute add arccos arcsin arctan cbrt ceil cos cosh divide exp exp2 expm1 floor log log10 log1p log2
        max maximum mean median min minimum multiply negative power reciprocal rint round sign sin sinh sqrt square
        subtract sum tan tanh true_divide
    """,
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "scipy.special._ufuncs": "expit exp10 inv_boxcox logit log1p expm1 boxcox boxcox1p",
    "sklearn.cluster._kmeans": "_kmeans_single_elkan _kmeans_single_lloyd",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "sklearn.metrics._classification": """
        accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score d2_brier_score d2_log_loss_score
        f1_score fbeta_score jaccard_score log_loss matthews_corrcoef precision_score recall_score
    """,
    "sklearn.metrics._ranking": "average_precision_score roc_auc_score top_k_accuracy_score",
    "sklearn.metrics._regression": """
        d2_absolute_error_score explained_variance_score max_error mean_absolute_error mean_absolute_percentage_error
        mean_gamma_deviance mean_pinball_loss mean_poisson_deviance mean_squared_error mean_squared_log_error
        median_absolute_error r2_score root_mean_squared_error root_mean_squared_log_error
    """,
    "torch.nn.functional": "gelu relu",
}

#: What a pickle may hold for later, but not call itself.
HELD_ONLY: Mapping[str, frozenset[str]] = {module: frozenset(names.split()) for module, names in _FUNCTIONS.items()}

_ALL = (_PYTHON, _NUMPY, _SCIPY, _PANDAS, _JOBLIB, SKLEARN, _TORCH, _TORCH_LAYERS, _BOOSTERS, _FUNCTIONS)


def _gather() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for table in _ALL:
        for module, names in table.items():
            found[module] = found.get(module, frozenset()) | frozenset(names.split())
    return found


#: Module, as it is called today, to the names of it that a pickle may load.
ALLOWED: Mapping[str, frozenset[str]] = _gather()

#: Beside these, in TorchScript archives only, where a reader of PyTorch's own resolves them and no module is imported.
ALLOWED_IN_TORCHSCRIPT: Mapping[str, frozenset[str]] = {
    "torch.jit._pickle": frozenset(
        {"build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "build_tensor_from_id",
         "restore_type_tag"}
    ),
}  # fmt: skip

#: By the begin of a name that is not on the list: how such a thing is saved so that it passes.
_INSTEAD = (
    ("torch.storage._load_from_bytes", "Save tensors with torch.save, or as safetensors."),
    ("torch.", "Save the state_dict() of the module instead of the module."),
    ("scipy.stats.", "Save the best_estimator_ of a search, without the distributions that it drew from."),
    ("cloudpickle.", "It brings code of its own. Save what the model has learned, and keep the code in a package."),
    ("__main__.", "That is code of the program which saved it. Save what the model has learned, without it."),
    ("keras.", "Save the model with model.save as .keras."),
    ("tensorflow.", "Save the model with model.save as .keras."),
)


def find_instead(name: str) -> str:
    """What people do instead of saving something that is not on the list; empty where nothing general can be said."""
    return next((words for begin, words in _INSTEAD if name.startswith(begin)), "")


def modern_name(module: str) -> str:
    """What a module is called today."""
    return RENAMED_MODULES.get(module, module)


def is_allowed(module: str, name: str) -> bool:
    """Whether a pickle may load this name. `module` is as the pickle writes it."""
    return name in ALLOWED.get(modern_name(module), ())
