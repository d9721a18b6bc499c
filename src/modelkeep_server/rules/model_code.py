"""
What formats other than pickle may name: layers of Keras, operators of TensorFlow and ONNX, and what marks a template as
an attack. What is not listed here is UNKNOWN at best.

A change here is a change of the rules: raise RULE_VERSION in `inspection/report.py`.
"""

#: Classes of Keras that a configuration may name: layers, initializers and the like, none of which takes code.
_KERAS_CLASSES_TEXT = """
    Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average AveragePooling1D
    AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate
    Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D
    Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding
    Flatten Functional GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization
    GroupQueryAttention Hashing HashedCrossing Identity InputLayer InputSpec IntegerLookup LSTM LSTMCell
    LayerNormalization LeakyReLU LocallyConnected1D Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum
    Model MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization RNN RandomBrightness
    RandomContrast RandomCrop RandomFlip RandomHeight RandomRotation RandomTranslation RandomWidth RandomZoom ReLU
    RepeatVector Rescaling Reshape Resizing SeparableConv1D SeparableConv2D Sequential SimpleRNN SimpleRNNCell
    Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup
    Subtract TextVectorization ThresholdedReLU TimeDistributed UnitNormalization UpSampling1D UpSampling2D
    UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Constant GlorotNormal GlorotUniform HeNormal HeUniform
    IdentityInitializer LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform
    TruncatedNormal VarianceScaling Zeros L1 L1L2 L2 OrthogonalRegularizer MaxNorm MinMaxNorm NonNeg UnitNorm
    DTypePolicy Policy FloatDTypePolicy QuantizedDTypePolicy __tensor__ __tuple__ __numpy__ __keras_tensor__
    TensorShape Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lion LossScaleOptimizer Nadam RMSprop SGD
    CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay
    BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalHinge CosineSimilarity Hinge Huber
    KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError
    Poisson SparseCategoricalCrossentropy SquaredHinge AUC Accuracy BinaryAccuracy CategoricalAccuracy F1Score Mean
    Precision Recall RootMeanSquaredError SparseCategoricalAccuracy CompileLossesAndMetrics CompileMetrics
"""
KERAS_CLASSES = frozenset(_KERAS_CLASSES_TEXT.split())
#: Those that carry code, or read a file or another model that their configuration names.
_KERAS_CODE_TEXT = """
    Lambda LambdaLayer __lambda__ TorchModuleWrapper TFSMLayer JaxLayer FlaxLayer
"""
KERAS_CODE = frozenset(_KERAS_CODE_TEXT.split())
_KERAS_FUNCTIONS_TEXT = """
    celu elu exponential gelu glu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid
    log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus squareplus swish
    tanh tanh_shrink mean_squared_error mean_absolute_error binary_crossentropy categorical_crossentropy
    sparse_categorical_crossentropy
"""
KERAS_FUNCTIONS = frozenset(_KERAS_FUNCTIONS_TEXT.split())
KERAS_ROOTS = frozenset({"keras", "tensorflow", "tf_keras", "builtins"})

ONNX_DOMAINS = frozenset(
    {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft",
     "com.microsoft.nchwc", "com.microsoft.experimental"}
)  # fmt: skip
#: Operators that call Python or load a library or compiled program that the model names.
_ONNX_CODE_TEXT = """
    PyOp PyCustomOp PythonOp PythonOpGrad EPContext ExternalOp
"""
ONNX_CODE = frozenset(_ONNX_CODE_TEXT.split())

#: Operators of TensorFlow that call Python, read or write files, or reach a network.
_TF_CODE_TEXT = """
    ReadFile WriteFile MatchingFiles PyFunc PyFuncStateless EagerPyFunc LoadLibrary PrintV2File TextFileDataset
    TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 SqlDataset
    DatasetToTFRecord SaveDataset SaveDatasetV2 LoadDataset SnapshotDataset SnapshotDatasetV2 ReaderReadV2
    WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 TFRecordReader TFRecordReaderV2
    FixedLengthRecordReaderV2 LMDBReader LMDBDataset CSVDataset CSVDatasetV2 Save SaveSlices Restore RestoreSlice
    DebugIdentity DebugIdentityV2 DebugNanCount DebugNumericSummary AudioSummary ImageSummary WriteSummary
    CreateSummaryFileWriter CreateSummaryDbWriter WriteGraphSummary WriteRawProtoSummary ImmutableConst RpcCall
    RpcClient RpcServer TryRpc Rpc DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4
    GenerateBigQueryReaderPartitions BigQueryReader InitializeTableFromTextFile CloseSummaryWriter ImportEvent
    RegisterDataset RegisterDatasetV2 DistributedSave CompressElement Unstage TPUExecute IteratorFromStringHandle
    LookupTableExport
"""
TF_CODE = frozenset(_TF_CODE_TEXT.split())
#: Operators that compute, and those that every saved model has for its own variables.
_TF_OPS_TEXT = """
    Abs Add AddN AddV2 All Any ArgMax ArgMin Assert AssignVariableOp AssignAddVariableOp AssignSubVariableOp AvgPool
    AvgPool3D BatchMatMul BatchMatMulV2 BatchMatMulV3 BatchToSpaceND BiasAdd Bincount Bitcast BroadcastArgs
    BroadcastTo Bucketize Case Cast Ceil CheckNumerics ClipByValue Complex ComplexAbs Concat ConcatV2 Const
    ControlTrigger Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 Cos Cumprod Cumsum DepthToSpace DivNoNan
    DepthwiseConv2dNative DynamicPartition DynamicStitch Einsum Elu EnsureShape Enter Equal Erf Exit Exp ExpandDims
    Expm1 FakeQuantWithMinMaxVars Fft FFT FFT2D Fill Floor FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2
    FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual HashTableV2 IFFT IRFFT IRFFT2D Identity IdentityN
    If Imag InvertPermutation IsFinite IsInf IsNan LeakyRelu Less LessEqual LinSpace Log Log1p LogSoftmax LogicalAnd
    LogicalNot LogicalOr LookupTableFindV2 LookupTableImportV2 LookupTableSizeV2 LoopCond LRN MatMul MatrixBandPart
    MatrixDiag MatrixDiagV3 Max MaxPool MaxPool3D MaxPoolV2 Maximum Mean Merge MergeV2Checkpoints Min Minimum
    MirrorPad Mul MutableHashTableV2 Multinomial Neg NextIteration NoOp NonMaxSuppressionV3 NonMaxSuppressionV4
    NonMaxSuppressionV5 NotEqual OneHot OnesLike Pack Pad PadV2 ParallelDynamicStitch PartitionedCall Placeholder
    PlaceholderWithDefault Pow PreventGradient Prod Qr RFFT RFFT2D RaggedGather RaggedRange RaggedTensorToTensor
    RandomUniform RandomStandardNormal RandomUniformInt Range Rank ReadVariableOp Real RealDiv Reciprocal Relu Relu6
    Reshape ResizeBilinear ResizeNearestNeighbor ResizeBicubic RestoreV2 Reverse ReverseSequence ReverseV2 Rint Roll
    Round Rsqrt SaveV2 ScatterNd ScatterNdUpdate SegmentSum Select SelectV2 Selu Shape ShapeN ShardedFilename
    Sigmoid Sign Sin Size Slice Softmax Softplus Softsign SpaceToBatchND SpaceToDepth SparseReshape
    SparseTensorDenseMatMul SparseToDense Split SplitV Sqrt Square SquaredDifference Squeeze StatefulPartitionedCall
    StatelessIf StatelessRandomUniformV2 StatelessRandomNormalV2 StatelessWhile StaticRegexFullMatch
    StaticRegexReplace StopGradient StridedSlice StringFormat StringJoin StringLower StringSplitV2
    StringToHashBucketFast StringToNumber StringUpper Sub Sum Switch Tan Tanh TensorArrayGatherV3 TensorArrayReadV3
    TensorArrayScatterV3 TensorArraySizeV3 TensorArrayV3 TensorArrayWriteV3 TensorListConcatV2 TensorListFromTensor
    TensorListGetItem TensorListReserve TensorListSetItem TensorListStack TensorListLength TensorScatterUpdate Tile
    TopKV2 Transpose TruncateDiv Unique UniqueV2 Unpack UnsortedSegmentSum VarHandleOp VarIsInitializedOp VariableV2
    Where While Xdivy Xlogy ZerosLike _FusedConv2D _FusedMatMul
"""
TF_OPS = frozenset(_TF_OPS_TEXT.split())

#: What a chat template never needs, and ways out of Jinja do; looked for in lower case, blanks left out, in the texts
#: of its code as well.
TEMPLATE_ATTACKS = (
    "__", "\\x5f", "\\u005f", "\\137", "|attr(", ".mro", "mro()", "subclasses", "popen", "os.system", "subprocess",
)  # fmt: skip
#: As well, but not in texts, where people write such words.
TEMPLATE_WORDS = (
    "globals", "builtins", "getattr", "import", "eval(", "exec(", "open(", "lipsum", "cycler", "joiner", "self.",
    "get_flashed", "url_for", "request.", "config.", "format_map",
)  # fmt: skip

#: Ends of names of files that are programs to be run or imported.
PROGRAM_ENDINGS = (
    ".py", ".pyc", ".pyd", ".pyz", ".so", ".dll", ".dylib", ".exe", ".bat", ".cmd", ".ps1", ".sh", ".bash",
    ".jar", ".class", ".js", ".vbs", ".whl", ".egg", ".pth.py", ".msi", ".scr", ".lnk", ".rb", ".pl", ".node",
)  # fmt: skip
