import { getKernel, type TensorInfo } from '@tensorflow/tfjs-core';

import { sizeOf } from '../../core/inputs.js';
import type { FusedAttrs } from '../../core/kernel_contract.js';
import {
  unscaled,
  type CountingBackend,
  type FusedTensors,
  type ScaledTensors,
} from '../rows/rows.js';
import { glsl } from '../shaders/formulas.js';
import { NUMBERS, rowsOf, type Rows } from '../shaders/rows.js';

/** What is used of TF.js's `MathBackendWebGL`. */
interface WebGLBackend extends CountingBackend {
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
    numbers: readonly number[][],
  ): TensorInfo;
}

/** What is used of TF.js's `GPGPUProgram`. In a packed texture a texel holds four numbers: two rows by two columns. */
interface WebGLProgram {
  readonly variableNames: string[];
  readonly outputShape: number[];
  readonly userCode: string;
  readonly packedInputs: true;
  readonly packedOutput: boolean;
  readonly customUniforms: { name: string; type: 'float' }[];
}

/** Inputs of a shader, by the names that it has for them. All are packed. */
type Inputs = Readonly<Record<string, TensorInfo>>;

/** Numbers that one invocation adds up at most; more are added up in two steps. */
const AT_ONCE = 1024;

/** Parts of a row, of which one invocation goes through one. */
interface Windows {
  readonly size: number;
  readonly count: number;
}

function windowsOf(length: number): Windows {
  const size = length <= 256 ? length : 2 * Math.ceil(Math.sqrt(length) / 2);
  return { size, count: Math.ceil(length / size) };
}

/** The kernel of a loss over rows: see FusedKernel. */
export function computeRows(
  backend: object,
  tensors: FusedTensors,
  attrs: FusedAttrs,
): TensorInfo[] {
  const gl = backend as WebGLBackend;
  const rows = rowsOf(tensors, attrs);
  const { count, length } = rows;
  const made: TensorInfo[] = [];
  const passing = (tensor: TensorInfo) => {
    made.push(tensor);
    return tensor;
  };
  const asPacked = (tensor: TensorInfo, shape: number[]) => passing(packed(gl, tensor, shape));
  const run = (program: Program, inputs: Inputs) => runProgram(gl, program, inputs, rows);
  const sum = (program: SumProgram, inputs: Inputs) => runSum(program, inputs, run, passing);
  try {
    const given: Record<string, TensorInfo> = {
      predictions: asPacked(tensors.predictions, [count, length]),
      labels: asPacked(tensors.labels, rows.isSparse ? [count] : [count, length]),
    };
    if (tensors.weights) given.weights = asPacked(tensors.weights, [count]);
    if (rows.perEntry) {
      const numbers = Float32Array.from(rows.perEntry);
      given.perEntry = passing(gl.makeTensorInfo([length], 'float32', numbers));
    }
    if (rows.isSigned) given.signed = passing(sum(areBinary(rows), given));
    if (rows.hasFactor) given.factor = passing(sum(weightSum(rows), given));
    const windows = windowsOf(length);
    let cells = passing(run(cellsProgram(rows, windows), given));
    if (!rows.isElementwise && windows.count > 1) {
      cells = passing(run(mergeProgram(rows, windows), { ...given, cells }));
    }
    const losses = { ...given, cells };
    // The loss of a window of entries that stand alone is a mean; those of classes are one by now.
    const parts = rows.isElementwise ? windows : { size: 1, count: 1 };
    const value =
      attrs.reduction === 'none'
        ? { ...run(valuesProgram(rows, parts), losses), shape: [...attrs.shape] }
        : sum(lossSum(rows, parts), losses);
    const outputs = [value];
    if (attrs.gradient) {
      const gradient = run(gradientProgram(rows), losses);
      outputs.push(reshaped(gl, gradient, tensors.predictions.shape));
      gl.disposeIntermediateTensorInfo(gradient);
    }
    return outputs;
  } finally {
    for (const tensor of made) gl.disposeIntermediateTensorInfo(tensor);
  }
}

/** The kernel that scales the rows of a gradient: see SCALE_GRADIENT. */
export function scaleRows(backend: object, { gradient, dy }: ScaledTensors): TensorInfo {
  const gl = backend as WebGLBackend;
  // `tf.grad` begins with a 1 that never was on the GPU.
  const same = unscaled(gl, gradient, gl.texData.get(dy.dataId).values);
  if (same) return same;
  const count = sizeOf(dy.shape);
  const length = sizeOf(gradient.shape) / count;
  const inputs = {
    gradient: packed(gl, gradient, [count, length]),
    dy: packed(gl, dy, [count]),
  };
  const output = runProgram(gl, scaleProgram(count, length), inputs, { numbers: [], formulas: '' });
  const result = reshaped(gl, output, gradient.shape);
  for (const tensor of [...Object.values(inputs), output]) gl.disposeIntermediateTensorInfo(tensor);
  return result;
}

function reshaped(gl: WebGLBackend, x: TensorInfo, shape: number[]): TensorInfo {
  const { kernelFunc } = getKernel('Reshape', 'webgl');
  return kernelFunc({ inputs: { x }, backend: gl, attrs: { shape } }) as TensorInfo;
}

/** A tensor in another shape, packed, so that no program has to do it again. */
function packed(gl: WebGLBackend, tensor: TensorInfo, shape: number[]): TensorInfo {
  const inShape = reshaped(gl, tensor, shape);
  const { texture, isPacked } = gl.texData.get(inShape.dataId);
  // What is not on the GPU yet arrives packed.
  if (texture == null || isPacked) return inShape;
  const result = gl.packTensor(inShape);
  gl.disposeIntermediateTensorInfo(inShape);
  return result;
}

interface Program {
  readonly shape: number[];
  readonly isPacked: boolean;
  readonly code: string;
}

function runProgram(
  gl: WebGLBackend,
  { shape, isPacked, code }: Program,
  inputs: Inputs,
  { numbers, formulas }: Pick<Rows, 'numbers' | 'formulas'>,
): TensorInfo {
  const program: WebGLProgram = {
    variableNames: Object.keys(inputs),
    outputShape: shape,
    userCode: `${glsl(formulas)}\n${code}`,
    packedInputs: true,
    packedOutput: isPacked,
    customUniforms: NUMBERS.slice(0, numbers.length).map((name) => ({ name, type: 'float' })),
  };
  return gl.runWebGLProgram(
    program,
    Object.values(inputs),
    'float32',
    numbers.map((number) => [number]),
  );
}

/** Σ item(i), of which `finish` makes the result. Sums on the way are means: float16 cannot hold sums. */
interface SumProgram {
  readonly count: number;
  readonly item: string;
  readonly finish: string;
  /** Whether the result is packed, for another program. */
  readonly isPacked: boolean;
}

function runSum(
  { count, item, finish, isPacked }: SumProgram,
  inputs: Inputs,
  run: (program: Program, inputs: Inputs) => TensorInfo,
  passing: (tensor: TensorInfo) => TensorInfo,
): TensorInfo {
  const result = isPacked ? 'vec4(r, 0.0, 0.0, 0.0)' : 'r';
  const last = (number: number, itemOf: string, by: number): Program => ({
    shape: [],
    isPacked,
    code: `${itemOf}
      ${finish}
      const int END = ${number};
      void main() {
        ${addUp(number, 'item(k)')}
        float r = finish(sum * ${literal(by)});
        setOutput(${result});
      }`,
  });
  if (count <= AT_ONCE) return run(last(count, item, 1), inputs);
  const each = Math.ceil(Math.sqrt(count));
  const parts = Math.ceil(count / each);
  const first: Program = {
    shape: [2 * parts, 2],
    isPacked: true,
    code: `${item}
      const int END = ${count};
      void main() {
        int start = getOutputCoords().x / 2 * ${each};
        ${addUp(each, 'item(start + k)', 'start + k')}
        setOutput(vec4(0.0, 0.0, 0.0, sum / ${literal(each)}));
      }`,
  };
  const means = passing(run(first, inputs));
  const itemOf = 'float item(int i) { return getMeans(2 * i, 0).a; }';
  return run(last(parts, itemOf, each), { ...inputs, means });
}

/** A number as GLSL writes floats. */
function literal(number: number): string {
  return Number.isInteger(number) ? `${number}.0` : `${number}`;
}

/** The weight of a row; 0 where it does not count. */
function weightOf({ isSparse, isIgnoring }: Rows, isWeighted: boolean): string {
  const weight = isWeighted ? 'getChannel(getWeights(row), row)' : '1.0';
  const counts = isIgnoring ? `select(${weight}, 0.0, classOf(row) == ignored)` : weight;
  const classOf = 'float classOf(int row) { return getChannel(getLabels(row), row); }';
  return `${isSparse ? classOf : ''}
    float weightOf(int row) { return ${counts}; }`;
}

/** What a mean divides by, of which the factor is made. */
function weightSum(rows: Rows): SumProgram {
  return {
    count: rows.count,
    item: `${weightOf(rows, rows.isWeightedMean)}
      float item(int i) { return weightOf(i); }`,
    finish: `float finish(float sum) { return shareOf(sum, ${literal(rows.count)}); }`,
    isPacked: true,
  };
}

/** 1 if all labels are 0 or 1, else 0. */
function areBinary({ count, length }: Rows): SumProgram {
  return {
    count: count * length,
    item: `float item(int i) {
      int row = i / ${length};
      ivec2 place = ivec2(row, i - row * ${length});
      float y = getChannel(getLabels(place.x, place.y), vec2(place));
      return select(1.0, 0.0, y == 0.0 || y == 1.0);
    }`,
    finish: 'float finish(float others) { return select(0.0, 1.0, others == 0.0); }',
    isPacked: true,
  };
}

/** The label y of an entry as the options make it, given what stands in the labels. */
function labelOf({ isSparse, isElementwise, isSigmoid, isSigned, perEntry, length }: Rows): string {
  const given = isSparse ? 'isClass(classOf(row), float(column))' : 'given';
  const y = isSigned
    ? `${given} * (1.0 + getSigned().r) - getSigned().r`
    : `labelScale * ${given} + labelShift`;
  const entry = 'getChannel(getPerEntry(column), column)';
  const weighted = perEntry && !isElementwise ? `(${y}) * ${entry}` : y;
  const valid = isSparse ? ` + notClass(classOf(row), ${literal(length)})` : '';
  return `
    float labelOf(float given, int row, int column) { return ${weighted}${valid}; }
    float parameterOf(float y, int column) { return ${isSigmoid ? 'y * ' : ''}${perEntry && isSigmoid ? entry : 'parameter'}; }`;
}

/**
 * What parts of rows come to, a texel for each: see shaders/cells.ts; in the last place the weighted loss, for entries that stand alone the
 * mean over as many entries as a window has.
 */
function cellsProgram(rows: Rows, windows: Windows): Program {
  const { isElementwise, isSparse, length, count } = rows;
  const at = 'row, from + k';
  const label = isSparse ? '0.0' : `getChannel(getLabels(${at}), vec2(${at}))`;
  const end =
    windows.count === 1 ? 'multiplyNoNan(cellLoss(cell, parameter), weightOf(row))' : 'cell.a';
  const main = isElementwise
    ? `${addUp(windows.size, 'elementLoss(predictionOf(k), yOf(k), parameterOf(yOf(k), from + k))', 'from + k')}
       setOutput(vec4(0.0, 0.0, 0.0, multiplyNoNan(sum, weightOf(row)) / ${literal(windows.size)}));`
    : `${together(windows.size, 'cellOf(predictionOf(k), yOf(k), parameter)', 'from + k')}
       cell.a = ${end};
       setOutput(cell);`;
  return {
    shape: [2 * count, 2 * windows.count],
    isPacked: true,
    code: `${weightOf(rows, rows.hasWeights)}${labelOf(rows)}
      int row = 0;
      int from = 0;
      const int END = ${length};
      float predictionOf(int k) { return getChannel(getPredictions(${at}), vec2(${at})); }
      float yOf(int k) { return labelOf(${label}, ${at}); }
      void main() {
        ivec2 place = getOutputCoords() / 2;
        row = place.x;
        from = place.y * ${windows.size};
        ${main}
      }`,
  };
}

/** The cells of windows as one for each row, and its weighted loss. */
function mergeProgram(rows: Rows, windows: Windows): Program {
  return {
    shape: [2 * rows.count, 2],
    isPacked: true,
    code: `${weightOf(rows, rows.hasWeights)}
      int row = 0;
      const int END = ${windows.count};
      void main() {
        row = getOutputCoords().x / 2;
        ${together(windows.count, 'getCells(2 * row, 2 * k)')}
        cell.a = multiplyNoNan(cellLoss(cell, parameter), weightOf(row));
        setOutput(cell);
      }`,
  };
}

/** Adds up a number for each k from 0 to `count`, as far as `place` is before END, to `sum`. */
function addUp(count: number, number: string, place = 'k'): string {
  return `
    float sum = 0.0;
    float lost = 0.0;
    for (int k = 0; k < ${count}; k++) {
      if (${place} >= END) break;
      float next = ${number};
      lost += lostIn(sum, next);
      sum += next;
    }
    sum = withLost(sum, lost);`;
}

/** Puts a cell for each k from 0 to `count` together, as far as `place` is before END, to `cell`. */
function together(count: number, cell: string, place = 'k'): string {
  return `
    vec4 m = vec4(0.0);
    for (int k = 0; k < ${count}; k++) {
      if (${place} >= END) break;
      vec4 next = ${cell};
      m = k == 0 ? next : largestOf(m, next);
    }
    bool isMet = false;
    vec4 sum = vec4(0.0);
    vec4 lost = vec4(0.0);
    for (int k = 0; k < ${count}; k++) {
      if (${place} >= END) break;
      vec4 next = ${cell};
      bool isFirst = next.x == m.x && !isMet;
      isMet = isMet || isFirst;
      next = share(next, m, isFirst);
      lost += lostInEach(sum, next);
      sum += next;
    }
    vec4 cell = whole(m, withLostOfEach(sum, lost));`;
}

/** The sum of all losses, times the factor of the mean. */
function lossSum({ count, hasFactor }: Rows, windows: Windows): SumProgram {
  const times = hasFactor ? 'getFactor().r' : '1.0';
  return {
    count: count * windows.count,
    item: `float item(int i) {
      int row = i / ${windows.count};
      return getCells(2 * row, 2 * (i - row * ${windows.count})).a;
    }`,
    finish: `float finish(float sum) {
      return multiplyNoNan(sum * (scale * ${literal(windows.size)}), ${times});
    }`,
    isPacked: false,
  };
}

/** The losses of the rows. */
function valuesProgram({ count }: Rows, windows: Windows): Program {
  return {
    shape: [count],
    isPacked: false,
    code: `
      const int END = ${windows.count};
      void main() {
        int row = getOutputCoords();
        ${addUp(windows.count, 'getCells(2 * row, 2 * k).a')}
        setOutput(sum * (scale * ${literal(windows.size)}));
      }`,
  };
}

function gradientProgram(rows: Rows): Program {
  const { count, length, isElementwise, isSparse, hasFactor } = rows;
  const gradient = isElementwise
    ? 'elementGradient(x, y, parameterOf(y, column))'
    : 'cellGradient(x, y, getCells(2 * row, 0), parameter)';
  const factor = hasFactor ? 'multiplyNoNan(weightOf(row), getFactor().r)' : 'weightOf(row)';
  return {
    shape: [count, length],
    isPacked: true,
    code: `${weightOf(rows, rows.hasWeights)}${labelOf(rows)}
      float entry(float x, float given, int row, int column) {
        if (row >= ${count} || column >= ${length}) return 0.0;
        float y = labelOf(given, row, column);
        return multiplyNoNan(${gradient}, ${factor} * scale);
      }
      void main() {
        ivec2 place = getOutputCoords();
        vec4 x = getPredictions(place.x, place.y);
        vec4 y = ${isSparse ? 'vec4(0.0)' : 'getLabels(place.x, place.y)'};
        setOutput(vec4(
          entry(x.r, y.r, place.x, place.y),
          entry(x.g, y.g, place.x, place.y + 1),
          entry(x.b, y.b, place.x + 1, place.y),
          entry(x.a, y.a, place.x + 1, place.y + 1)));
      }`,
  };
}

function scaleProgram(count: number, length: number): Program {
  return {
    shape: [count, length],
    isPacked: true,
    code: `
      float scaleOf(int row) { return row < ${count} ? getChannel(getDy(row), row) : 0.0; }
      void main() {
        ivec2 place = getOutputCoords();
        vec4 g = getGradient(place.x, place.y);
        float s = scaleOf(place.x);
        float t = scaleOf(place.x + 1);
        setOutput(vec4(
          multiplyNoNan(g.r, s), multiplyNoNan(g.g, s), multiplyNoNan(g.b, t), multiplyNoNan(g.a, t)));
      }`,
  };
}
