import { getKernel, type TensorInfo } from '@tensorflow/tfjs-core';

import { sizeOf } from '../../core/inputs.js';
import type { FusedAttrs } from '../../core/kernel_contract.js';
import type { FusedTensors, RefCountingBackend, ScaleGradientTensors } from '../backend_kernels.js';
import { glsl } from '../gpu/formulas.js';
import { programSpec, type ProgramSpec } from '../gpu/program_spec.js';
import { aliasIfScaledByOne } from '../host/scale_gradient.js';

/** What we use of TF.js's `MathBackendWebGL`. */
interface WebGLBackend extends RefCountingBackend {
  readonly texData: {
    get(dataId: object): { texture: unknown; isPacked: boolean; values: ArrayLike<number> | null };
  };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
  packTensor(tensor: TensorInfo): TensorInfo;
  disposeIntermediateTensorInfo(tensor: TensorInfo): void;
  runWebGLProgram(
    program: WebGLProgram,
    inputs: TensorInfo[],
    dtype: 'float32',
    uniforms: readonly number[][],
  ): TensorInfo;
}

/** What we use of TF.js's `GPGPUProgram`. A texel of a packed texture holds four numbers: two rows by two columns. */
interface WebGLProgram {
  readonly variableNames: string[];
  readonly outputShape: number[];
  readonly userCode: string;
  readonly packedInputs: true;
  readonly packedOutput: boolean;
  readonly customUniforms: { name: string; type: 'float' }[];
}

/** Inputs of a program by the names that the shader has for them: it reads `labels` with `getLabels`. All are packed. */
type Inputs = Readonly<Record<string, TensorInfo>>;

/** How many numbers one invocation adds up at most. A longer sum takes two programs. */
const LONGEST_SUM = 1024;

/** A row is cut into windows of one size. One invocation reduces one window. */
interface Windows {
  readonly size: number;
  readonly count: number;
}

function windowsOf(rowLength: number): Windows {
  const size = rowLength <= 256 ? rowLength : 2 * Math.ceil(Math.sqrt(rowLength) / 2);
  return { size, count: Math.ceil(rowLength / size) };
}

/** Computes a {@link FusedKernel}. */
export function computeLoss(
  backend: object,
  tensors: FusedTensors,
  attrs: FusedAttrs,
): TensorInfo[] {
  const gl = backend as WebGLBackend;
  const spec = programSpec(tensors, attrs);
  const { rows, rowLength } = spec;
  const intermediates: TensorInfo[] = [];
  const intermediate = (tensor: TensorInfo) => {
    intermediates.push(tensor);
    return tensor;
  };
  const pack = (tensor: TensorInfo, shape: number[]) => intermediate(packed(gl, tensor, shape));
  const run = (program: Program, inputs: Inputs) => runProgram(gl, program, inputs, spec);
  const sum = (program: SumProgram, inputs: Inputs) => runSum(program, inputs, run, intermediate);
  try {
    const inputs: Record<string, TensorInfo> = {
      predictions: pack(tensors.predictions, [rows, rowLength]),
      labels: pack(tensors.labels, spec.isSparse ? [rows] : [rows, rowLength]),
    };
    if (tensors.weights) inputs.weights = pack(tensors.weights, [rows]);
    if (spec.entryWeights) {
      const weights = gl.makeTensorInfo([rowLength], 'float32', spec.entryWeights);
      inputs.entryWeights = intermediate(weights);
    }
    if (spec.isSigned) inputs.isBinary = intermediate(sum(binaryLabels(spec), inputs));
    if (spec.hasMeanFactor) inputs.factor = intermediate(sum(weightSum(spec), inputs));
    const windows = windowsOf(rowLength);
    let partials = intermediate(run(partialsProgram(spec, windows), inputs));
    if (!spec.sumsElements && windows.count > 1) {
      partials = intermediate(run(combineProgram(spec, windows), { ...inputs, partials }));
    }
    const reduced = { ...inputs, partials };
    // The partial loss of a window of elements is a mean. Accumulators are combined into one loss per row by now.
    const parts = spec.sumsElements ? windows : { size: 1, count: 1 };
    const loss =
      attrs.reduction === 'none'
        ? { ...run(valuesProgram(spec, parts), reduced), shape: [...attrs.shape] }
        : sum(lossSum(spec, parts), reduced);
    const outputs = [loss];
    if (attrs.gradient) {
      const gradient = run(gradientProgram(spec), reduced);
      outputs.push(reshaped(gl, gradient, tensors.predictions.shape));
      gl.disposeIntermediateTensorInfo(gradient);
    }
    return outputs;
  } finally {
    for (const tensor of intermediates) gl.disposeIntermediateTensorInfo(tensor);
  }
}

/** The kernel {@link SCALE_GRADIENT}. */
export function scaleGradient(backend: object, { gradient, dy }: ScaleGradientTensors): TensorInfo {
  const gl = backend as WebGLBackend;
  // `tf.grad` begins with a 1 that was never uploaded to the GPU, so that JavaScript can read it at once.
  const same = aliasIfScaledByOne(gl, gradient, gl.texData.get(dy.dataId).values);
  if (same) return same;
  const rows = sizeOf(dy.shape);
  const rowLength = sizeOf(gradient.shape) / rows;
  const inputs = {
    gradient: packed(gl, gradient, [rows, rowLength]),
    dy: packed(gl, dy, [rows]),
  };
  const program = scaleProgram(rows, rowLength);
  const output = runProgram(gl, program, inputs, { uniforms: {}, formulas: '' });
  const result = reshaped(gl, output, gradient.shape);
  for (const tensor of [...Object.values(inputs), output]) gl.disposeIntermediateTensorInfo(tensor);
  return result;
}

function reshaped(gl: WebGLBackend, x: TensorInfo, shape: number[]): TensorInfo {
  const { kernelFunc } = getKernel('Reshape', 'webgl');
  return kernelFunc({ inputs: { x }, backend: gl, attrs: { shape } }) as TensorInfo;
}

/** A tensor in another shape and packed. TF.js would pack it again for each program. */
function packed(gl: WebGLBackend, tensor: TensorInfo, shape: number[]): TensorInfo {
  const inShape = reshaped(gl, tensor, shape);
  const { texture, isPacked } = gl.texData.get(inShape.dataId);
  // A tensor that is not on the GPU yet is packed as it is uploaded.
  if (texture == null || isPacked) return inShape;
  const result = gl.packTensor(inShape);
  gl.disposeIntermediateTensorInfo(inShape);
  return result;
}

interface Program {
  readonly shape: number[];
  /** Whether the output is packed, as the inputs of all programs have to be. */
  readonly isPacked: boolean;
  readonly code: string;
}

function runProgram(
  gl: WebGLBackend,
  { shape, isPacked, code }: Program,
  inputs: Inputs,
  { uniforms, formulas }: Pick<ProgramSpec, 'uniforms' | 'formulas'>,
): TensorInfo {
  const program: WebGLProgram = {
    variableNames: Object.keys(inputs),
    outputShape: shape,
    userCode: `${glsl(formulas)}\n${code}`,
    packedInputs: true,
    packedOutput: isPacked,
    customUniforms: Object.keys(uniforms).map((name) => ({ name, type: 'float' })),
  };
  return gl.runWebGLProgram(
    program,
    Object.values(inputs),
    'float32',
    Object.values(uniforms).map((number) => [number]),
  );
}

/** A sum of numbers: result(Σ item(i)). */
interface SumProgram {
  readonly count: number;
  /** The shader's function `item`. */
  readonly item: string;
  /** The shader's function `result`. */
  readonly result: string;
  /** Whether the output is packed, as an input of another program has to be. */
  readonly isPacked: boolean;
}

function runSum(
  { count, item, result, isPacked }: SumProgram,
  inputs: Inputs,
  run: (program: Program, inputs: Inputs) => TensorInfo,
  intermediate: (tensor: TensorInfo) => TensorInfo,
): TensorInfo {
  const output = isPacked ? 'vec4(r, 0.0, 0.0, 0.0)' : 'r';
  const lastProgram = (items: number, itemText: string, factor: number): Program => ({
    shape: [],
    isPacked,
    code: `${itemText}
${result}
const int END = ${items};
void main() {
  ${sumLoop(items, 'item(k)')}
  float r = result(sum * ${literal(factor)});
  setOutput(${output});
}`,
  });
  if (count <= LONGEST_SUM) return run(lastProgram(count, item, 1), inputs);
  const partSize = Math.ceil(Math.sqrt(count));
  const parts = Math.ceil(count / partSize);
  // Parts are stored as means: in float16 a sum might overflow.
  const firstProgram: Program = {
    shape: [2 * parts, 2],
    isPacked: true,
    code: `${item}
const int END = ${count};
void main() {
  int start = getOutputCoords().x / 2 * ${partSize};
  ${sumLoop(partSize, 'item(start + k)', 'start + k')}
  setOutput(vec4(0.0, 0.0, 0.0, sum / ${literal(partSize)}));
}`,
  };
  const means = intermediate(run(firstProgram, inputs));
  const mean = 'float item(int i) { return getMeans(2 * i, 0).a; }';
  return run(lastProgram(parts, mean, partSize), { ...inputs, means });
}

/** A number as GLSL writes floats. */
function literal(number: number): string {
  return Number.isInteger(number) ? `${number}.0` : `${number}`;
}

/** The shader's `weightOf`: the weight of a row, 0 for a row that does not count. */
function weightOf({ isSparse, ignoresClass }: ProgramSpec, isWeighted: boolean): string {
  const weight = isWeighted ? 'getChannel(getWeights(row), row)' : '1.0';
  const counted = ignoresClass ? `select(${weight}, 0.0, classOf(row) == ignoredClass)` : weight;
  const classOf = 'float classOf(int row) { return getChannel(getLabels(row), row); }';
  return `${isSparse ? classOf : ''}
float weightOf(int row) { return ${counted}; }`;
}

/** The sum of the weights that a mean divides by, as the factor that turns the mean over all rows into that one. */
function weightSum(spec: ProgramSpec): SumProgram {
  return {
    count: spec.rows,
    item: `${weightOf(spec, spec.isWeightedMean)}
float item(int i) { return weightOf(i); }`,
    result: `float result(float sum) { return meanFactor(sum, ${literal(spec.rows)}); }`,
    isPacked: true,
  };
}

/** 1 if all labels are 0 or 1, else 0. */
function binaryLabels({ rows, rowLength }: ProgramSpec): SumProgram {
  return {
    count: rows * rowLength,
    item: `float item(int i) {
  int row = i / ${rowLength};
  ivec2 at = ivec2(row, i - row * ${rowLength});
  float y = getChannel(getLabels(at.x, at.y), vec2(at));
  return select(1.0, 0.0, y == 0.0 || y == 1.0);
}`,
    result: 'float result(float others) { return select(0.0, 1.0, others == 0.0); }',
    isPacked: true,
  };
}

/**
 * The shader's `labelOf` and `constantOf`: the label y of an entry, made of what the tensor of labels holds for it, and the constant
 * that the formulas of elements.ts are given.
 */
function labelOf(spec: ProgramSpec): string {
  const { isSparse, sumsElements, isSigmoid, isSigned, entryWeights, rowLength } = spec;
  const label = isSparse ? 'oneHot(classOf(row), float(column))' : 'label';
  // With isBinary = 1, 0 and 1 become −1 and 1.
  const y = isSigned
    ? `${label} * (1.0 + getIsBinary().r) - getIsBinary().r`
    : `labelScale * ${label} + labelShift`;
  const entryWeight = 'getChannel(getEntryWeights(column), column)';
  const weighted = entryWeights && !sumsElements ? `(${y}) * ${entryWeight}` : y;
  const valid = isSparse ? ` + nanUnlessClass(classOf(row), ${literal(rowLength)})` : '';
  return `
float labelOf(float label, int row, int column) { return ${weighted}${valid}; }
float constantOf(float y, int column) { return ${isSigmoid ? 'y * ' : ''}${entryWeights && isSigmoid ? entryWeight : 'constant'}; }`;
}

/**
 * Reduces each window to one texel. For losses of accumulators.ts that is an accumulator, whose last number becomes the weighted loss
 * once the whole row is reduced. For losses of elements.ts, the last number of the texel is the weighted loss of the window, as a mean
 * over the size of a window.
 */
function partialsProgram(spec: ProgramSpec, windows: Windows): Program {
  const { sumsElements, isSparse, rowLength, rows } = spec;
  const at = 'row, start + k';
  const label = isSparse ? '0.0' : `getChannel(getLabels(${at}), vec2(${at}))`;
  const last =
    windows.count === 1 ? 'multiplyNoNan(rowLoss(whole, constant), weightOf(row))' : 'whole.a';
  const main = sumsElements
    ? `${sumLoop(windows.size, 'elementLoss(predictionOf(k), yOf(k), constantOf(yOf(k), start + k))', 'start + k')}
  setOutput(vec4(0.0, 0.0, 0.0, multiplyNoNan(sum, weightOf(row)) / ${literal(windows.size)}));`
    : `${combineLoop(windows.size, 'init(predictionOf(k), yOf(k), constant)', 'start + k')}
  whole.a = ${last};
  setOutput(whole);`;
  return {
    shape: [2 * rows, 2 * windows.count],
    isPacked: true,
    code: `${weightOf(spec, spec.hasWeights)}${labelOf(spec)}
int row = 0;
int start = 0;
const int END = ${rowLength};
float predictionOf(int k) { return getChannel(getPredictions(${at}), vec2(${at})); }
float yOf(int k) { return labelOf(${label}, ${at}); }
void main() {
  ivec2 at = getOutputCoords() / 2;
  row = at.x;
  start = at.y * ${windows.size};
  ${main}
}`,
  };
}

/** Combines the accumulators of windows to one for each row, whose last number is the weighted loss. */
function combineProgram(spec: ProgramSpec, windows: Windows): Program {
  return {
    shape: [2 * spec.rows, 2],
    isPacked: true,
    code: `${weightOf(spec, spec.hasWeights)}
int row = 0;
const int END = ${windows.count};
void main() {
  row = getOutputCoords().x / 2;
  ${combineLoop(windows.count, 'getPartials(2 * row, 2 * k)')}
  whole.a = multiplyNoNan(rowLoss(whole, constant), weightOf(row));
  setOutput(whole);
}`,
  };
}

/** Adds up `number` for each k below `count`, while `position` is below END. The result is `sum`. */
function sumLoop(count: number, number: string, position = 'k'): string {
  return `
  float sum = 0.0;
  float error = 0.0;
  for (int k = 0; k < ${count}; k++) {
    if (${position} >= END) break;
    float next = ${number};
    error += roundingError(sum, next);
    sum += next;
  }
  sum = corrected(sum, error);`;
}

/**
 * Combines the accumulators `part` for each k below `count`, while `position` is below END. The result is `whole`. The maxima are known
 * before anything is added up: so each part is rescaled once, and the sum keeps its rounding errors.
 */
function combineLoop(count: number, part: string, position = 'k'): string {
  return `
  vec4 maxima = vec4(0.0);
  for (int k = 0; k < ${count}; k++) {
    if (${position} >= END) break;
    vec4 next = ${part};
    maxima = k == 0 ? next : maximaOf(maxima, next);
  }
  bool isFound = false;
  vec4 sum = vec4(0.0);
  vec4 error = vec4(0.0);
  for (int k = 0; k < ${count}; k++) {
    if (${position} >= END) break;
    vec4 next = ${part};
    bool isFirst = next.x == maxima.x && !isFound;
    isFound = isFound || isFirst;
    next = rescale(next, maxima, isFirst);
    error += roundingErrors(sum, next);
    sum += next;
  }
  vec4 whole = finish(maxima, correctedEach(sum, error));`;
}

/** The loss: the sum of all partial losses, times the factor of the mean. */
function lossSum({ rows, hasMeanFactor }: ProgramSpec, windows: Windows): SumProgram {
  const factor = hasMeanFactor ? 'getFactor().r' : '1.0';
  return {
    count: rows * windows.count,
    item: `float item(int i) {
  int row = i / ${windows.count};
  return getPartials(2 * row, 2 * (i - row * ${windows.count})).a;
}`,
    result: `float result(float sum) {
  return multiplyNoNan(sum * (scale * ${literal(windows.size)}), ${factor});
}`,
    isPacked: false,
  };
}

/** The losses of the rows, for the reduction `'none'`. */
function valuesProgram({ rows }: ProgramSpec, windows: Windows): Program {
  return {
    shape: [rows],
    isPacked: false,
    code: `
const int END = ${windows.count};
void main() {
  int row = getOutputCoords();
  ${sumLoop(windows.count, 'getPartials(2 * row, 2 * k).a')}
  setOutput(sum * (scale * ${literal(windows.size)}));
}`,
  };
}

function gradientProgram(spec: ProgramSpec): Program {
  const { rows, rowLength, sumsElements, isSparse, hasMeanFactor } = spec;
  const gradient = sumsElements
    ? 'elementGradient(x, y, constantOf(y, column))'
    : 'rowGradient(x, y, getPartials(2 * row, 0), constant)';
  const factor = hasMeanFactor ? 'multiplyNoNan(weightOf(row), getFactor().r)' : 'weightOf(row)';
  return {
    shape: [rows, rowLength],
    isPacked: true,
    code: `${weightOf(spec, spec.hasWeights)}${labelOf(spec)}
float entry(float x, float label, int row, int column) {
  if (row >= ${rows} || column >= ${rowLength}) return 0.0;
  float y = labelOf(label, row, column);
  return multiplyNoNan(${gradient}, ${factor} * scale);
}
void main() {
  ivec2 at = getOutputCoords();
  vec4 x = getPredictions(at.x, at.y);
  vec4 y = ${isSparse ? 'vec4(0.0)' : 'getLabels(at.x, at.y)'};
  setOutput(vec4(
    entry(x.r, y.r, at.x, at.y),
    entry(x.g, y.g, at.x, at.y + 1),
    entry(x.b, y.b, at.x + 1, at.y),
    entry(x.a, y.a, at.x + 1, at.y + 1)));
}`,
  };
}

function scaleProgram(rows: number, rowLength: number): Program {
  return {
    shape: [rows, rowLength],
    isPacked: true,
    code: `
float scaleOf(int row) { return row < ${rows} ? getChannel(getDy(row), row) : 0.0; }
void main() {
  ivec2 at = getOutputCoords();
  vec4 g = getGradient(at.x, at.y);
  float s = scaleOf(at.x);
  float t = scaleOf(at.x + 1);
  setOutput(vec4(
    multiplyNoNan(g.r, s), multiplyNoNan(g.g, s), multiplyNoNan(g.b, t), multiplyNoNan(g.a, t)));
}`,
  };
}
