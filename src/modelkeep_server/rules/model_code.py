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
    Abs AccumulateNV2 Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual ArgMax ArgMin AsString Asin Asinh
    Assert AssignAddVariableOp AssignSubVariableOp AssignVariableOp Atan Atan2 Atanh AvgPool AvgPool3D BatchMatMul
    BatchMatMulV2 BatchMatMulV3 BatchNormWithGlobalNormalization BatchToSpaceND Betainc BiasAdd Bincount Bitcast
    BitwiseAnd BitwiseOr BitwiseXor BroadcastArgs BroadcastGradientArgs BroadcastTo Bucketize Case Cast Ceil
    CheckNumerics Cholesky ClipByValue CombinedNonMaxSuppression Complex ComplexAbs Concat ConcatV2 Conj
    ConjugateTranspose Const ControlTrigger Conv Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 Cos Cosh
    CropAndResize Cross Cumprod Cumsum DecodeRaw DenseBincount DenseToSparseSetOperation DepthToSpace
    DepthwiseConv2dNative Dequantize Diag DiagPart Digamma Dilation2D DisableCopyOnRead Div DivNoNan DynamicPartition
    DynamicStitch Eig Einsum Elu EmptyTensorList EnsureShape Enter Equal Erf Erfc Erfinv EuclideanNorm Exit Exp
    ExpandDims Expm1 ExtractImagePatches FFT FFT2D FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars
    FakeQuantWithMinMaxVarsPerChannel Fft Fill Floor FloorDiv FloorMod FractionalAvgPool FusedBatchNorm
    FusedBatchNormV2 FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual HSVToRGB HashTableV2
    HistogramFixedWidth IFFT IRFFT IRFFT2D Identity IdentityN If Igamma Igammac Imag InTopKV2 Inv Invert
    InvertPermutation IsFinite IsInf IsNan L2Loss LRN LeakyRelu LeftShift Less LessEqual Lgamma LinSpace Log Log1p
    LogSoftmax LogicalAnd LogicalNot LogicalOr LookupTableExportV2 LookupTableFindV2 LookupTableImportV2
    LookupTableSizeV2 LoopCond LowerBound MatMul MatrixBandPart MatrixDeterminant MatrixDiag MatrixDiagPartV3
    MatrixDiagV3 MatrixInverse MatrixSetDiagV3 MatrixSolve MatrixTriangularSolve Max MaxPool MaxPool3D MaxPoolV2
    MaxPoolWithArgmax Maximum Mean Merge MergeV2Checkpoints Min Minimum MirrorPad Mod Mul MulNoNan Multinomial
    MutableHashTableV2 Ndtri Neg NextAfter NextIteration NoOp NonMaxSuppressionV3 NonMaxSuppressionV4
    NonMaxSuppressionV5 NotEqual NthElement OneHot OnesLike Pack Pad PadV2 ParallelDynamicStitch PartitionedCall
    Placeholder PlaceholderWithDefault Polygamma PopulationCount Pow PreventGradient Prod Qr QuantizeAndDequantizeV2
    QuantizeV2 RFFT RFFT2D RGBToHSV RaggedBincount RaggedGather RaggedRange RaggedTensorFromVariant
    RaggedTensorToSparse RaggedTensorToTensor RaggedTensorToVariant RandomShuffle RandomStandardNormal RandomUniform
    RandomUniformInt Range Rank ReadVariableOp Real RealDiv Reciprocal RegexFullMatch RegexReplace Relu Relu6 Reshape
    ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ResourceGather ResourceGatherNd
    ResourceScatterUpdate RestoreV2 Reverse ReverseSequence ReverseV2 RightShift Rint Roll Round Rsqrt SaveV2
    ScaleAndTranslate ScatterNd ScatterNdUpdate SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum Select
    SelectV2 SelfAdjointEigV2 Selu SetSize Shape ShapeN ShardedFilename Sigmoid Sign Sin Sinh Size Slice Softmax
    Softplus Softsign SpaceToBatchND SpaceToDepth SparseBincount SparseConcat SparseFillEmptyRows SparseReduceSum
    SparseReorder SparseReshape SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum SparseSlice SparseTensorDenseAdd
    SparseTensorDenseMatMul SparseToDense Split SplitV Sqrt Square SquaredDifference Squeeze StatefulPartitionedCall
    StatelessCase StatelessIf StatelessMultinomial StatelessRandomGetAlg StatelessRandomGetKeyCounter
    StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformFullIntV2
    StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessTruncatedNormalV2 StatelessWhile
    StaticRegexFullMatch StaticRegexReplace StopGradient StridedSlice StringFormat StringJoin StringLength StringLower
    StringNGrams StringSplit StringSplitV2 StringStrip StringToHashBucket StringToHashBucketFast
    StringToHashBucketStrong StringToNumber StringUpper Sub Substr Sum Svd Switch Tan Tanh TensorArrayCloseV3
    TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayGradV3 TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3
    TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3 TensorListConcatV2 TensorListElementShape TensorListFromTensor
    TensorListGather TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve
    TensorListResize TensorListScatterIntoExistingList TensorListSetItem TensorListStack TensorScatterAdd
    TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate TensorStridedSliceUpdate Tile TopKV2
    Transpose TruncateDiv TruncateMod TruncatedNormal UnicodeDecode UnicodeDecodeWithOffsets UnicodeEncode Unique
    UniqueV2 UniqueWithCounts UniqueWithCountsV2 Unpack UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
    UnsortedSegmentSum UpperBound VarHandleOp VarIsInitializedOp VariableV2 Where While Xdivy Xlog1py Xlogy ZerosLike
    Zeta _FusedConv2D _FusedMatMul
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
