"""
What a pickle may name: classes and functions that build plain data, whatever they are called with. All else is refused.

A name belongs here only where calling it with any arguments, and setting any state on what it gives, opens no file,
starts no program, imports no module and looks up no attribute by name. So `getattr`, `operator.attrgetter`,
`functools.partial`, `numpy.load`, `torch.load` and every wrapper that takes a function do not. Classes of estimators
hold what they were trained to; they do nothing until their methods are called by whoever loads them.

A change here is a change of the rules: raise RULE_VERSION in `inspection/report.py`.
"""

from collections.abc import Mapping

#: Old names of modules, as pickles of Python 2, of older NumPy and of older scikit-learn write them.
RENAMED_MODULES: Mapping[str, str] = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "numpy._core.multiarray": "numpy.core.multiarray",
    "numpy._core.numeric": "numpy.core.numeric",
    "sklearn.externals.joblib.numpy_pickle": "joblib.numpy_pickle",
    "sklearn.neighbors.dist_metrics": "sklearn.metrics._dist_metrics",
    "sklearn.neighbors._dist_metrics": "sklearn.metrics._dist_metrics",
    "pandas.core.indexes.numeric": "pandas.core.indexes.base",
}

_BUILTINS = """
    bool bytearray bytes complex dict float frozenset int list object range set slice str tuple

"""
_PYTHON = {
    "builtins": _BUILTINS,
    "copyreg": "_reconstructor",
    "_codecs": "encode",
    "array": "array _array_reconstructor",
    "collections": "OrderedDict defaultdict deque Counter",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
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
        ObjectDType
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
    "pandas": "Categorical CategoricalDtype DataFrame DatetimeIndex Index MultiIndex RangeIndex Series StringDtype",
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
_SKLEARN = {
    "sklearn._loss.link": "IdentityLink LogitLink LogLink HalfLogitLink MultinomialLogit Interval",
    "sklearn._loss.loss": """
        HalfBinomialLoss HalfMultinomialLoss HalfSquaredError AbsoluteError PinballLoss HuberLoss HalfPoissonLoss
        HalfGammaLoss HalfTweedieLoss HalfTweedieLossIdentity ExponentialLoss
    """,
    "sklearn._loss._loss": """
        CyHalfBinomialLoss CyHalfMultinomialLoss CyHalfSquaredError CyAbsoluteError CyPinballLoss CyHuberLoss
        CyHalfPoissonLoss CyHalfGammaLoss CyHalfTweedieLoss CyHalfTweedieLossIdentity CyExponentialLoss
        __pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyHalfMultinomialLoss __pyx_unpickle_CyHalfSquaredError
        __pyx_unpickle_CyAbsoluteError __pyx_unpickle_CyExponentialLoss
    """,
    "sklearn.calibration": "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration _TemperatureScaling",
    "sklearn.cluster._agglomerative": "AgglomerativeClustering FeatureAgglomeration",
    "sklearn.cluster._birch": "Birch",
    "sklearn.cluster._dbscan": "DBSCAN",
    "sklearn.cluster._hdbscan.hdbscan": "HDBSCAN",
    "sklearn.cluster._kmeans": "KMeans MiniBatchKMeans",
    "sklearn.cluster._mean_shift": "MeanShift",
    "sklearn.cluster._spectral": "SpectralClustering",
    "sklearn.compose._column_transformer": "ColumnTransformer _RemainderColsList make_column_selector",
    "sklearn.compose._target": "TransformedTargetRegressor",
    "sklearn.covariance._empirical_covariance": "EmpiricalCovariance",
    "sklearn.covariance._elliptic_envelope": "EllipticEnvelope",
    "sklearn.covariance._shrunk_covariance": "LedoitWolf OAS ShrunkCovariance",
    "sklearn.cross_decomposition._pls": "PLSRegression PLSCanonical CCA PLSSVD",
    "sklearn.decomposition._fastica": "FastICA",
    "sklearn.decomposition._incremental_pca": "IncrementalPCA",
    "sklearn.decomposition._kernel_pca": "KernelPCA",
    "sklearn.decomposition._lda": "LatentDirichletAllocation",
    "sklearn.decomposition._nmf": "NMF MiniBatchNMF",
    "sklearn.decomposition._pca": "PCA",
    "sklearn.decomposition._truncated_svd": "TruncatedSVD",
    "sklearn.discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble._bagging": "BaggingClassifier BaggingRegressor",
    "sklearn.ensemble._forest": """
        RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor RandomTreesEmbedding
    """,
    "sklearn.ensemble._gb": "GradientBoostingClassifier GradientBoostingRegressor",
    "sklearn.ensemble._gb_losses": "BinomialDeviance MultinomialDeviance LeastSquaresError ExponentialLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning": "_BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting": """
        HistGradientBoostingClassifier HistGradientBoostingRegressor
    """,
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.ensemble._iforest": "IsolationForest",
    "sklearn.ensemble._stacking": "StackingClassifier StackingRegressor",
    "sklearn.ensemble._voting": "VotingClassifier VotingRegressor",
    "sklearn.ensemble._weight_boosting": "AdaBoostClassifier AdaBoostRegressor",
    "sklearn.feature_extraction._dict_vectorizer": "DictVectorizer",
    "sklearn.feature_extraction._hash": "FeatureHasher",
    "sklearn.feature_extraction.text": "CountVectorizer TfidfVectorizer TfidfTransformer HashingVectorizer",
    "sklearn.feature_selection._from_model": "SelectFromModel",
    "sklearn.feature_selection._rfe": "RFE RFECV",
    "sklearn.feature_selection._univariate_selection": """
        SelectKBest SelectPercentile SelectFpr SelectFdr SelectFwe chi2 f_classif f_regression
    """,
    "sklearn.feature_selection._variance_threshold": "VarianceThreshold",
    "sklearn.gaussian_process._gpc": "GaussianProcessClassifier _BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process._gpr": "GaussianProcessRegressor",
    "sklearn.gaussian_process.kernels": """
        RBF Matern WhiteKernel ConstantKernel Sum Product RationalQuadratic ExpSineSquared DotProduct Exponentiation
        Hyperparameter
    """,
    "sklearn.impute._base": "SimpleImputer MissingIndicator",
    "sklearn.impute._iterative": "IterativeImputer _ImputerTriplet",
    "sklearn.impute._knn": "KNNImputer",
    "sklearn.isotonic": "IsotonicRegression",
    "sklearn.kernel_approximation": "Nystroem RBFSampler PolynomialCountSketch AdditiveChi2Sampler",
    "sklearn.kernel_ridge": "KernelRidge",
    "sklearn.linear_model._base": "LinearRegression",
    "sklearn.linear_model._bayes": "BayesianRidge ARDRegression",
    "sklearn.linear_model._coordinate_descent": "Lasso LassoCV ElasticNet ElasticNetCV MultiTaskLasso",
    "sklearn.linear_model._glm.glm": "PoissonRegressor GammaRegressor TweedieRegressor",
    "sklearn.linear_model._huber": "HuberRegressor",
    "sklearn.linear_model._least_angle": "Lars LassoLars LarsCV LassoLarsCV LassoLarsIC",
    "sklearn.linear_model._logistic": "LogisticRegression LogisticRegressionCV",
    "sklearn.linear_model._omp": "OrthogonalMatchingPursuit",
    "sklearn.linear_model._passive_aggressive": "PassiveAggressiveClassifier PassiveAggressiveRegressor",
    "sklearn.linear_model._perceptron": "Perceptron",
    "sklearn.linear_model._quantile": "QuantileRegressor",
    "sklearn.linear_model._ransac": "RANSACRegressor",
    "sklearn.linear_model._ridge": "Ridge RidgeCV RidgeClassifier RidgeClassifierCV",
    "sklearn.linear_model._stochastic_gradient": "SGDClassifier SGDRegressor SGDOneClassSVM",
    "sklearn.linear_model._sgd_fast": "Hinge Log SquaredLoss ModifiedHuber SquaredHinge Huber EpsilonInsensitive",
    "sklearn.linear_model._theil_sen": "TheilSenRegressor",
    "sklearn.manifold._isomap": "Isomap",
    "sklearn.manifold._t_sne": "TSNE",
    "sklearn.metrics._scorer": "_PassthroughScorer",
    "sklearn.metrics._dist_metrics": """
        DistanceMetric EuclideanDistance ManhattanDistance MinkowskiDistance EuclideanDistance64 ManhattanDistance64
        MinkowskiDistance64 newObj
    """,
    "sklearn.mixture._bayesian_mixture": "BayesianGaussianMixture",
    "sklearn.mixture._gaussian_mixture": "GaussianMixture",
    "sklearn.model_selection._search": "GridSearchCV RandomizedSearchCV",
    "sklearn.model_selection._split": "KFold StratifiedKFold GroupKFold ShuffleSplit TimeSeriesSplit",
    "sklearn.multiclass": "OneVsRestClassifier OneVsOneClassifier OutputCodeClassifier _ConstantPredictor",
    "sklearn.multioutput": "MultiOutputClassifier MultiOutputRegressor ClassifierChain RegressorChain",
    "sklearn.naive_bayes": "GaussianNB MultinomialNB ComplementNB BernoulliNB CategoricalNB",
    "sklearn.neighbors._ball_tree": "BallTree BallTree64 newObj",
    "sklearn.neighbors._classification": "KNeighborsClassifier RadiusNeighborsClassifier",
    "sklearn.neighbors._kd_tree": "KDTree KDTree64 newObj",
    "sklearn.neighbors._kde": "KernelDensity",
    "sklearn.neighbors._lof": "LocalOutlierFactor",
    "sklearn.neighbors._nearest_centroid": "NearestCentroid",
    "sklearn.neighbors._regression": "KNeighborsRegressor RadiusNeighborsRegressor",
    "sklearn.neighbors._unsupervised": "NearestNeighbors",
    "sklearn.neural_network._multilayer_perceptron": "MLPClassifier MLPRegressor",
    "sklearn.neural_network._rbm": "BernoulliRBM",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.pipeline": "Pipeline FeatureUnion",
    "sklearn.preprocessing._data": """
        StandardScaler MinMaxScaler MaxAbsScaler RobustScaler Normalizer Binarizer PowerTransformer
        QuantileTransformer KernelCenterer
    """,
    "sklearn.preprocessing._discretization": "KBinsDiscretizer",
    "sklearn.preprocessing._encoders": "OneHotEncoder OrdinalEncoder",
    "sklearn.preprocessing._label": "LabelEncoder LabelBinarizer MultiLabelBinarizer",
    "sklearn.preprocessing._polynomial": "PolynomialFeatures SplineTransformer",
    "sklearn.preprocessing._target_encoder": "TargetEncoder",
    "sklearn.random_projection": "GaussianRandomProjection SparseRandomProjection",
    "sklearn.semi_supervised._label_propagation": "LabelPropagation LabelSpreading",
    "sklearn.svm._classes": "SVC NuSVC LinearSVC SVR NuSVR LinearSVR OneClassSVM",
    "sklearn.tree._classes": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
    "sklearn.tree._tree": "Tree",
    "sklearn.utils._bunch": "Bunch",
    "sklearn.utils._random": "__pyx_unpickle_Enum",
}
_TORCH_DTYPES = """
    float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex32 complex64
    complex128 float half double short int long quint8 qint8 qint32 float8_e4m3fn float8_e5m2 float8_e4m3fnuz
    float8_e5m2fnuz float8_e8m0fnu per_tensor_affine per_channel_affine strided sparse_coo sparse_csr
    contiguous_format
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
_BOOSTERS = {
    "xgboost.core": "Booster",
    "xgboost.sklearn": "XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor",
    "lightgbm.basic": "Booster",
    "lightgbm.sklearn": "LGBMClassifier LGBMRegressor LGBMRanker LGBMModel",
}

#: Classes whose call may open a file. A pickle may make an empty one and set its state, and no more.
MADE_FROM_STATE_ONLY: Mapping[str, frozenset[str]] = {
    module: frozenset(names.split()) for module, names in _BOOSTERS.items()
}

_ALL = (_PYTHON, _NUMPY, _SCIPY, _PANDAS, _JOBLIB, _SKLEARN, _TORCH, _BOOSTERS)

#: Module, as it is called today, to the names of it that a pickle may load.
ALLOWED: Mapping[str, frozenset[str]] = {
    module: frozenset(names.split()) for table in _ALL for module, names in table.items()
}

#: Beside these, in TorchScript archives only, where a reader of PyTorch's own resolves them and no module is imported.
ALLOWED_IN_TORCHSCRIPT: Mapping[str, frozenset[str]] = {
    "torch.jit._pickle": frozenset(
        {"build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "build_tensor_from_id",
         "restore_type_tag"}
    ),
}  # fmt: skip


def modern_name(module: str) -> str:
    """What a module is called today."""
    return RENAMED_MODULES.get(module, module)


def is_allowed(module: str, name: str) -> bool:
    """Whether a pickle may load this name. `module` is as the pickle writes it."""
    return name in ALLOWED.get(modern_name(module), ())
