import type { TensorInfo } from '@tensorflow/tfjs-core';

import { sizeOf } from '../../core/inputs.js';
import type { FusedAttrs } from '../../core/kernel_contract.js';
import type { FusedTensors, RefCountingBackend, ScaleGradientTensors } from '../backend_kernels.js';
import { wgsl } from '../gpu/formulas.js';
import { programSpec, type ProgramSpec } from '../gpu/program_spec.js';
import { aliasIfScaledByOne } from '../host/scale_gradient.js';

/** What we use of TF.js's `WebGPUBackend`. */
interface WebGPUBackend extends RefCountingBackend {
  readonly tensorMap: { get(dataId: object): { values?: ArrayLike<number> | null } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
  disposeData(dataId: object): unknown;
  runWebGPUProgram(
    program: WebGPUProgram,
    inputs: TensorInfo[],
    dtype: 'float32',
    uniforms: { type: 'int32' | 'float32'; data: number[] }[],
  ): TensorInfo;
}

/** What we use of TF.js's `WebGPUProgram`. TF.js changes the object as it runs it, so each run needs a new one. */
interface WebGPUProgram {
  readonly variableNames: string[];
  readonly outputShape: number[];
  readonly workgroupSize: [number, number, number];
  readonly dispatchLayout: { x: number[] };
  readonly dispatch: [number, number, number];
  readonly uniforms: string;
  readonly shaderKey: string;
  getUserCode(): string;
}

/** Inputs of a program by the names that the shader has for them. */
type Inputs = Readonly<Record<string, TensorInfo>>;

/** Computes a {@link FusedKernel}. */
export function computeLoss(
  backend: object,
  tensors: FusedTensors,
  attrs: FusedAttrs,
): TensorInfo[] {
  const gpu = backend as WebGPUBackend;
  const spec = programSpec(tensors, attrs);
  const intermediates: TensorInfo[] = [];
  const intermediate = (tensor: TensorInfo) => {
    intermediates.push(tensor);
    return tensor;
  };
  const run = (program: Program, inputs: Inputs) => runProgram(gpu, program, inputs, spec);
  try {
    const inputs: Record<string, TensorInfo> = { ...tensors };
    if (spec.entryWeights) {
      const weights = gpu.makeTensorInfo([spec.rowLength], 'float32', spec.entryWeights);
      inputs.entryWeights = intermediate(weights);
    }
    if (spec.isSigned) {
      inputs.others = intermediate(run(countOthers(spec), inputs));
      inputs.isBinary = intermediate(run(binaryLabels(), inputs));
    }
    if (spec.hasMeanFactor) inputs.factor = intermediate(run(weightSum(spec), inputs));
    const windows = spec.sumsElements ? Math.ceil(spec.rowLength / WINDOW) : 1;
    const partials = intermediate(run(partialsProgram(spec, windows), inputs));
    const reduced = { ...inputs, partials };
    const loss =
      attrs.reduction === 'none'
        ? { ...run(valuesProgram(spec, windows), reduced), shape: [...attrs.shape] }
        : { ...run(lossSum(spec, windows), reduced), shape: [] };
    if (!attrs.gradient) return [loss];
    const gradient = run(gradientProgram(spec), reduced);
    return [loss, { ...gradient, shape: tensors.predictions.shape }];
  } finally {
    for (const { dataId } of intermediates) gpu.disposeData(dataId);
  }
}

/** The kernel {@link SCALE_GRADIENT}. */
export function scaleGradient(backend: object, { gradient, dy }: ScaleGradientTensors): TensorInfo {
  const gpu = backend as WebGPUBackend;
  // `tf.grad` begins with a 1 that was never uploaded to the GPU, so that JavaScript can read it at once.
  const same = aliasIfScaledByOne(gpu, gradient, gpu.tensorMap.get(dy.dataId).values);
  if (same) return same;
  const rows = sizeOf(dy.shape);
  const rowLength = sizeOf(gradient.shape) / rows;
  const output = runProgram(
    gpu,
    scaleProgram(rows * rowLength),
    { gradient, dy },
    { rows, rowLength, uniforms: {}, formulas: '' },
  );
  return { ...output, shape: gradient.shape };
}

/** How many entries one invocation reduces at most, unless it has to wait for all others. A longer row has several invocations. */
const WINDOW = 256;

/** How many invocations a workgroup has. */
const WORKGROUP = 64;

interface Program {
  /** The inputs that the shader reads. WebGPU forbids inputs that are not read. */
  readonly reads: readonly string[];
  readonly size: number;
  readonly invocations: number;
  readonly code: string;
}

function runProgram(
  gpu: WebGPUBackend,
  { reads, size, invocations, code }: Program,
  inputs: Inputs,
  {
    rows,
    rowLength,
    uniforms,
    formulas,
  }: Pick<ProgramSpec, 'rows' | 'rowLength' | 'uniforms' | 'formulas'>,
): TensorInfo {
  const names = reads.filter((name) => name in inputs);
  const declarations = [
    'rows : i32',
    'rowLength : i32',
    ...Object.keys(uniforms).map((name) => `${name} : f32`),
  ];
  return gpu.runWebGPUProgram(
    {
      variableNames: names,
      outputShape: [size],
      workgroupSize: [WORKGROUP, 1, 1],
      dispatchLayout: { x: [0] },
      dispatch: [Math.ceil(invocations / WORKGROUP), 1, 1],
      uniforms: `${declarations.join(', ')},`,
      // TF.js compiles a shader once for each key.
      shaderKey: `${formulas}${code}`,
      getUserCode: () => `${wgsl(formulas)}\n${code}`,
    },
    names.map((name) => ({ ...inputs[name]!, shape: [sizeOf(inputs[name]!.shape)] })),
    'float32',
    [
      { type: 'int32', data: [rows] },
      { type: 'int32', data: [rowLength] },
      ...Object.values(uniforms).map((number) => ({ type: 'float32' as const, data: [number] })),
    ],
  );
}

/** Adds up `number` for k = first, first + step, …, while k is below `end`. The result is `sum`. */
function sumLoop(number: string, first: string, step: number | string, end: string): string {
  return `
  var sum = 0.0;
  var error = 0.0;
  for (var k = ${first}; k < ${end}; k = k + ${step}) {
    let next = ${number};
    error = error + roundingError(sum, next);
    sum = sum + next;
  }
  sum = corrected(sum, error);`;
}

/**
 * The shader's `reduceWorkgroup`: given one value of each invocation of a workgroup, it returns all of them as one to the first
 * invocation. `both` makes one of two values a and b.
 */
function workgroupReduction(type: string, both: string): string {
  return `
var<workgroup> parts : array<${type}, ${WORKGROUP}>;
fn reduceWorkgroup(part : ${type}) -> ${type} {
  let me = i32(localIndex);
  parts[me] = part;
  workgroupBarrier();
  for (var stride = ${WORKGROUP / 2}; stride > 0; stride = stride / 2) {
    if (me < stride) {
      let a = parts[me];
      let b = parts[me + stride];
      parts[me] = ${both};
    }
    workgroupBarrier();
  }
  return parts[0];
}`;
}

const SUM_REDUCTION = workgroupReduction('f32', 'a + b');
const ACCUMULATOR_REDUCTION = workgroupReduction('vec4<f32>', 'combine(a, b)');

/** The shader's `weightOf`: the weight of a row, 0 for a row that does not count. */
function weightOf({ ignoresClass }: ProgramSpec, isWeighted: boolean): string {
  const weight = isWeighted ? 'f32(weights[row])' : '1.0';
  const counted = ignoresClass
    ? `select(${weight}, 0.0, f32(labels[row]) == uniforms.ignoredClass)`
    : weight;
  return `fn weightOf(row : i32) -> f32 { return ${counted}; }`;
}

/** The sum of the weights that a mean divides by, as the factor that turns the mean over all rows into that one. */
function weightSum(spec: ProgramSpec): Program {
  return {
    reads: [...(spec.isWeightedMean ? ['weights'] : []), ...(spec.ignoresClass ? ['labels'] : [])],
    size: 1,
    invocations: WORKGROUP,
    code: `${SUM_REDUCTION}${weightOf(spec, spec.isWeightedMean)}
fn main(index : i32) {
  ${sumLoop('weightOf(k)', 'index', WORKGROUP, 'uniforms.rows')}
  let all = reduceWorkgroup(sum);
  if (index == 0) { result[0] = meanFactor(all, f32(uniforms.rows)); }
}`,
  };
}

/** How many invocations share the labels of a batch, as text of a shader: so one shader serves batches of all sizes. */
const LABEL_PARTS = `((uniforms.rows * uniforms.rowLength + ${WINDOW - 1}) / ${WINDOW})`;

/** How many labels of each part are neither 0 nor 1. */
function countOthers({ rows, rowLength }: ProgramSpec): Program {
  const parts = Math.ceil((rows * rowLength) / WINDOW);
  return {
    reads: ['labels'],
    size: parts,
    invocations: parts,
    code: `
fn isOther(i : i32) -> f32 {
  let y = f32(labels[i]);
  return select(1.0, 0.0, y == 0.0 || y == 1.0);
}
fn main(index : i32) {
  if (index >= ${LABEL_PARTS}) { return; }
  ${sumLoop('isOther(k)', 'index', LABEL_PARTS, 'uniforms.rows * uniforms.rowLength')}
  result[index] = sum;
}`,
  };
}

/** 1 if all labels are 0 or 1, else 0. */
function binaryLabels(): Program {
  return {
    reads: ['others'],
    size: 1,
    invocations: WORKGROUP,
    code: `${SUM_REDUCTION}
fn main(index : i32) {
  ${sumLoop('others[k]', 'index', WORKGROUP, LABEL_PARTS)}
  let all = reduceWorkgroup(sum);
  if (index == 0) { result[0] = select(0.0, 1.0, all == 0.0); }
}`,
  };
}

/**
 * The shader's `predictionOf`, `labelOf` and `constantOf`: the prediction and the label y of an entry, and the constant that the
 * formulas of elements.ts are given.
 */
function entryOf(spec: ProgramSpec): string {
  const { isSparse, sumsElements, isSigmoid, isSigned, entryWeights } = spec;
  const label = isSparse
    ? 'oneHot(f32(labels[row]), f32(column))'
    : 'f32(labels[row * uniforms.rowLength + column])';
  // With isBinary = 1, 0 and 1 become −1 and 1.
  const y = isSigned
    ? `${label} * (1.0 + isBinary[0]) - isBinary[0]`
    : `uniforms.labelScale * ${label} + uniforms.labelShift`;
  const weighted = entryWeights && !sumsElements ? `(${y}) * entryWeights[column]` : y;
  const valid = isSparse ? ' + nanUnlessClass(f32(labels[row]), f32(uniforms.rowLength))' : '';
  const constant = entryWeights && isSigmoid ? 'entryWeights[column]' : 'uniforms.constant';
  return `
fn predictionOf(row : i32, column : i32) -> f32 { return f32(predictions[row * uniforms.rowLength + column]); }
fn labelOf(row : i32, column : i32) -> f32 { return ${weighted}${valid}; }
fn constantOf(y : f32, column : i32) -> f32 { return ${isSigmoid ? 'y * ' : ''}${constant}; }`;
}

const ACCUMULATOR_OF = `fn accumulatorOf(row : i32, column : i32) -> vec4<f32> {
  return init(predictionOf(row, column), labelOf(row, column), uniforms.constant);
}`;

/** How many numbers a partial result has. The last one is the weighted loss. */
function partialSize({ sumsElements }: ProgramSpec): number {
  return sumsElements ? 1 : 4;
}

/**
 * Reduces rows to partial results. For losses of elements.ts that is the weighted loss of a window of the row, whose entries are
 * `windows` apart. For losses of accumulators.ts it is the accumulator of the whole row, whose last number becomes the weighted loss:
 * one invocation reduces a short row, a workgroup a long one.
 */
function partialsProgram(spec: ProgramSpec, windows: number): Program {
  const { sumsElements, rows, rowLength } = spec;
  const isOneInvocation = sumsElements || rowLength <= WINDOW;
  const step = isOneInvocation ? windows : WORKGROUP;
  const reduce = sumsElements
    ? `${sumLoop('elementLoss(predictionOf(row, k), labelOf(row, k), constantOf(labelOf(row, k), k))', 'first', step, 'uniforms.rowLength')}
  result[slot] = multiplyNoNan(sum, weightOf(row));`
    : `var maxima = accumulatorOf(row, first);
  for (var k = first; k < uniforms.rowLength; k = k + ${step}) { maxima = maximaOf(maxima, accumulatorOf(row, k)); }
  var isFound = false;
  var sum = vec4(0.0);
  var error = vec4(0.0);
  for (var k = first; k < uniforms.rowLength; k = k + ${step}) {
    let one = accumulatorOf(row, k);
    let next = rescale(one, maxima, one.x == maxima.x && !isFound);
    isFound = isFound || one.x == maxima.x;
    error = error + roundingErrors(sum, next);
    sum = sum + next;
  }
  part = finish(maxima, correctedEach(sum, error));`;
  const store = `
  result[4 * slot] = whole.x;
  result[4 * slot + 1] = whole.y;
  result[4 * slot + 2] = whole.z;
  result[4 * slot + 3] = multiplyNoNan(rowLoss(whole, uniforms.constant), weightOf(row));`;
  const partials = rows * windows;
  return {
    reads: ['predictions', 'labels', 'weights', 'entryWeights', 'isBinary'],
    size: partials * partialSize(spec),
    invocations: isOneInvocation ? partials : partials * WORKGROUP,
    code: `${isOneInvocation ? '' : ACCUMULATOR_REDUCTION}${weightOf(spec, spec.hasWeights)}${entryOf(spec)}
${sumsElements ? '' : ACCUMULATOR_OF}
fn main(index : i32) {
  let slot = index${isOneInvocation ? '' : ` / ${WORKGROUP}`};
  let row = slot / ${windows};
  let first = ${isOneInvocation ? `slot - row * ${windows}` : 'i32(localIndex)'};
  var part = vec4(0.0);
  if (row < uniforms.rows) { ${reduce} }
  ${
    sumsElements
      ? ''
      : `let whole = ${isOneInvocation ? 'part' : 'reduceWorkgroup(part)'};
  if (row < uniforms.rows${isOneInvocation ? '' : ' && localIndex == 0u'}) { ${store} }`
  }
}`,
  };
}

/** The loss: the sum of all partial losses, times the factor of the mean. */
function lossSum(spec: ProgramSpec, windows: number): Program {
  const factor = spec.hasMeanFactor ? 'factor[0]' : '1.0';
  return {
    reads: ['partials', 'factor'],
    size: 1,
    invocations: WORKGROUP,
    code: `${SUM_REDUCTION}
fn main(index : i32) {
  ${sumLoop(partialLoss(spec, 'k'), 'index', WORKGROUP, `uniforms.rows * ${windows}`)}
  let all = reduceWorkgroup(sum);
  if (index == 0) { result[0] = multiplyNoNan(all * uniforms.scale, ${factor}); }
}`,
  };
}

/** The loss of a partial result: its last number. */
function partialLoss(spec: ProgramSpec, partial: string): string {
  const size = partialSize(spec);
  return `partials[(${partial}) * ${size} + ${size - 1}]`;
}

/** The losses of the rows, for the reduction `'none'`. */
function valuesProgram(spec: ProgramSpec, windows: number): Program {
  return {
    reads: ['partials'],
    size: spec.rows,
    invocations: spec.rows,
    code: `
fn main(row : i32) {
  if (row >= uniforms.rows) { return; }
  ${sumLoop(partialLoss(spec, `row * ${windows} + k`), '0', 1, `${windows}`)}
  result[row] = sum * uniforms.scale;
}`,
  };
}

function gradientProgram(spec: ProgramSpec): Program {
  const { rows, rowLength, sumsElements, hasMeanFactor } = spec;
  const gradient = sumsElements
    ? 'elementGradient(x, y, constantOf(y, column))'
    : 'rowGradient(x, y, vec4(partials[4 * row], partials[4 * row + 1], partials[4 * row + 2], 0.0), uniforms.constant)';
  const factor = hasMeanFactor ? 'multiplyNoNan(weightOf(row), factor[0])' : 'weightOf(row)';
  return {
    reads: [
      'predictions',
      'labels',
      'weights',
      'entryWeights',
      'isBinary',
      'factor',
      ...(sumsElements ? [] : ['partials']),
    ],
    size: rows * rowLength,
    invocations: rows * rowLength,
    code: `${weightOf(spec, spec.hasWeights)}${entryOf(spec)}
fn main(index : i32) {
  let row = index / uniforms.rowLength;
  if (row >= uniforms.rows) { return; }
  let column = index - row * uniforms.rowLength;
  let x = predictionOf(row, column);
  let y = labelOf(row, column);
  result[index] = multiplyNoNan(${gradient}, ${factor} * uniforms.scale);
}`,
  };
}

function scaleProgram(size: number): Program {
  return {
    reads: ['gradient', 'dy'],
    size,
    invocations: size,
    code: `
fn main(index : i32) {
  let row = index / uniforms.rowLength;
  if (row < uniforms.rows) { result[index] = multiplyNoNan(gradient[index], dy[row]); }
}`,
  };
}
