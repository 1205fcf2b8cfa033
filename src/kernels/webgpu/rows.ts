import type { TensorInfo } from '@tensorflow/tfjs-core';

import { sizeOf } from '../../core/inputs.js';
import type { FusedAttrs } from '../../core/kernel_contract.js';
import {
  unscaled,
  type CountingBackend,
  type FusedTensors,
  type ScaledTensors,
} from '../rows/rows.js';
import { wgsl } from '../shaders/formulas.js';
import { NUMBERS, rowsOf, type Rows } from '../shaders/rows.js';

/** What is used of TF.js's `WebGPUBackend`. */
interface WebGPUBackend extends CountingBackend {
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

/** What is used of TF.js's `WebGPUProgram`, which it changes as it runs it. */
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

/** Inputs of a shader, by the names that it has for them. */
type Inputs = Readonly<Record<string, TensorInfo>>;

/** The kernel of a loss over rows: see FusedKernel. */
export function computeRows(
  backend: object,
  tensors: FusedTensors,
  attrs: FusedAttrs,
): TensorInfo[] {
  const gpu = backend as WebGPUBackend;
  const rows = rowsOf(tensors, attrs);
  const made: TensorInfo[] = [];
  const passing = (tensor: TensorInfo) => {
    made.push(tensor);
    return tensor;
  };
  const run = (program: Program, inputs: Inputs) => runProgram(gpu, program, inputs, rows);
  try {
    const given: Record<string, TensorInfo> = { ...tensors };
    if (rows.perEntry) {
      const numbers = Float32Array.from(rows.perEntry);
      given.perEntry = passing(gpu.makeTensorInfo([numbers.length], 'float32', numbers));
    }
    if (rows.isSigned) {
      given.others = passing(run(countOthers(rows), given));
      given.signed = passing(run(areBinary(), given));
    }
    if (rows.hasFactor) given.factor = passing(run(weightSum(rows), given));
    const windows = rows.isElementwise ? Math.ceil(rows.length / ENTRIES) : 1;
    const cells = passing(run(cellsProgram(rows, windows), given));
    const losses = { ...given, cells };
    const value =
      attrs.reduction === 'none'
        ? { ...run(valuesProgram(rows, windows), losses), shape: [...attrs.shape] }
        : { ...run(lossSum(rows, windows), losses), shape: [] };
    if (!attrs.gradient) return [value];
    const gradient = run(gradientProgram(rows), losses);
    return [value, { ...gradient, shape: tensors.predictions.shape }];
  } finally {
    for (const { dataId } of made) gpu.disposeData(dataId);
  }
}

/** The kernel that scales the rows of a gradient: see SCALE_GRADIENT. */
export function scaleRows(backend: object, { gradient, dy }: ScaledTensors): TensorInfo {
  const gpu = backend as WebGPUBackend;
  // `tf.grad` begins with a 1 that never was on the GPU.
  const same = unscaled(gpu, gradient, gpu.tensorMap.get(dy.dataId).values);
  if (same) return same;
  const count = sizeOf(dy.shape);
  const length = sizeOf(gradient.shape) / count;
  const output = runProgram(
    gpu,
    scaleProgram(count * length),
    { gradient, dy },
    { count, length, numbers: [], formulas: '' },
  );
  return { ...output, shape: gradient.shape };
}

/** Entries of a row that one invocation adds up at most, as far as parts need not wait for each other. */
const ENTRIES = 256;

/** Invocations in a workgroup. */
const WORKGROUP = 64;

interface Program {
  /** Which of the inputs it reads: WebGPU forbids others. */
  readonly reads: readonly string[];
  readonly size: number;
  readonly invocations: number;
  readonly code: string;
}

function runProgram(
  gpu: WebGPUBackend,
  { reads, size, invocations, code }: Program,
  inputs: Inputs,
  { count, length, numbers, formulas }: Pick<Rows, 'count' | 'length' | 'numbers' | 'formulas'>,
): TensorInfo {
  const names = reads.filter((name) => name in inputs);
  const uniforms = [
    'count : i32',
    'entries : i32',
    ...numbers.map((_, i) => `${NUMBERS[i]!} : f32`),
  ];
  return gpu.runWebGPUProgram(
    {
      variableNames: names,
      outputShape: [size],
      workgroupSize: [WORKGROUP, 1, 1],
      dispatchLayout: { x: [0] },
      dispatch: [Math.ceil(invocations / WORKGROUP), 1, 1],
      uniforms: `${uniforms.join(', ')},`,
      // TF.js keeps what it compiled under this key.
      shaderKey: `${formulas}${code}`,
      getUserCode: () => `${wgsl(formulas)}\n${code}`,
    },
    names.map((name) => ({ ...inputs[name]!, shape: [sizeOf(inputs[name]!.shape)] })),
    'float32',
    [
      { type: 'int32', data: [count, length] },
      { type: 'float32', data: [...numbers] },
    ].flatMap(({ type, data }) =>
      data.map((number) => ({ type: type as 'int32', data: [number] })),
    ),
  );
}

/** Adds up a number for each k from `first` in steps, as far as it is before `end`, to `sum`. */
function addUp(number: string, first: string, step: number | string, end: string): string {
  return `
    var sum = 0.0;
    var lost = 0.0;
    for (var k = ${first}; k < ${end}; k = k + ${step}) {
      let next = ${number};
      lost = lost + lostIn(sum, next);
      sum = sum + next;
    }
    sum = withLost(sum, lost);`;
}

/** Puts together what each invocation of a workgroup has; the first one has the result then. */
function together(type: string, both: string): string {
  return `
    var<workgroup> parts : array<${type}, ${WORKGROUP}>;
    fn together(own : ${type}) -> ${type} {
      let me = i32(localIndex);
      parts[me] = own;
      workgroupBarrier();
      for (var reach = ${WORKGROUP / 2}; reach > 0; reach = reach / 2) {
        if (me < reach) {
          let a = parts[me];
          let b = parts[me + reach];
          parts[me] = ${both};
        }
        workgroupBarrier();
      }
      return parts[0];
    }`;
}

const ADD_TOGETHER = together('f32', 'a + b');
const MERGE_TOGETHER = together('vec4<f32>', 'merged(a, b)');

/** The weight of a row; 0 where it does not count. */
function weightOf({ isIgnoring }: Rows, isWeighted: boolean): string {
  const weight = isWeighted ? 'f32(weights[row])' : '1.0';
  const counts = isIgnoring
    ? `select(${weight}, 0.0, f32(labels[row]) == uniforms.ignored)`
    : weight;
  return `fn weightOf(row : i32) -> f32 { return ${counts}; }`;
}

/** What a mean divides by, of which the factor is made. */
function weightSum(rows: Rows): Program {
  return {
    reads: [...(rows.isWeightedMean ? ['weights'] : []), ...(rows.isIgnoring ? ['labels'] : [])],
    size: 1,
    invocations: WORKGROUP,
    code: `${ADD_TOGETHER}${weightOf(rows, rows.isWeightedMean)}
      fn main(index : i32) {
        ${addUp('weightOf(k)', 'index', WORKGROUP, 'uniforms.count')}
        let all = together(sum);
        if (index == 0) { result[0] = shareOf(all, f32(uniforms.count)); }
      }`,
  };
}

/** Parts of all labels, of which an invocation goes through one. */
const PARTS = `((uniforms.count * uniforms.entries + ${ENTRIES - 1}) / ${ENTRIES})`;

/** How many labels are neither 0 nor 1, among each so many. */
function countOthers({ count, length }: Rows): Program {
  const parts = Math.ceil((count * length) / ENTRIES);
  return {
    reads: ['labels'],
    size: parts,
    invocations: parts,
    code: `
      fn otherAt(i : i32) -> f32 {
        let y = f32(labels[i]);
        return select(1.0, 0.0, y == 0.0 || y == 1.0);
      }
      fn main(index : i32) {
        if (index >= ${PARTS}) { return; }
        ${addUp('otherAt(k)', 'index', PARTS, 'uniforms.count * uniforms.entries')}
        result[index] = sum;
      }`,
  };
}

/** 1 if all labels are 0 or 1, else 0. */
function areBinary(): Program {
  return {
    reads: ['others'],
    size: 1,
    invocations: WORKGROUP,
    code: `${ADD_TOGETHER}
      fn main(index : i32) {
        ${addUp('others[k]', 'index', WORKGROUP, PARTS)}
        let all = together(sum);
        if (index == 0) { result[0] = select(0.0, 1.0, all == 0.0); }
      }`,
  };
}

/** The label y of an entry as the options make it. */
function labelOf({ isSparse, isElementwise, isSigmoid, isSigned, perEntry }: Rows): string {
  const given = isSparse
    ? 'isClass(f32(labels[row]), f32(column))'
    : 'f32(labels[row * uniforms.entries + column])';
  const y = isSigned
    ? `${given} * (1.0 + signed[0]) - signed[0]`
    : `uniforms.labelScale * ${given} + uniforms.labelShift`;
  const weighted = perEntry && !isElementwise ? `(${y}) * perEntry[column]` : y;
  const valid = isSparse ? ' + notClass(f32(labels[row]), f32(uniforms.entries))' : '';
  const parameter = perEntry && isSigmoid ? 'perEntry[column]' : 'uniforms.parameter';
  return `
    fn predictionOf(row : i32, column : i32) -> f32 { return f32(predictions[row * uniforms.entries + column]); }
    fn labelOf(row : i32, column : i32) -> f32 { return ${weighted}${valid}; }
    fn parameterOf(y : f32, column : i32) -> f32 { return ${isSigmoid ? 'y * ' : ''}${parameter}; }`;
}

const CELL_AT = `fn cellAt(row : i32, column : i32) -> vec4<f32> {
        return cellOf(predictionOf(row, column), labelOf(row, column), uniforms.parameter);
      }`;

/** Numbers in a cell, of which the last one is the weighted loss. */
function sizeOfCell({ isElementwise }: Rows): number {
  return isElementwise ? 1 : 4;
}

/**
 * What rows come to: see shaders/cells.ts. Entries that stand alone need no more than sums, and each window of a row, which takes every so
 * many entries of it, has one; long rows of classes are the work of a group that puts its parts together.
 */
function cellsProgram(rows: Rows, windows: number): Program {
  const { isElementwise, count, length } = rows;
  const isAlone = isElementwise || length <= ENTRIES;
  const step = isAlone ? windows : WORKGROUP;
  const own = isElementwise
    ? `${addUp('elementLoss(predictionOf(row, k), labelOf(row, k), parameterOf(labelOf(row, k), k))', 'first', step, 'uniforms.entries')}
       result[cell] = multiplyNoNan(sum, weightOf(row));`
    : `var m = cellAt(row, first);
       for (var k = first; k < uniforms.entries; k = k + ${step}) { m = largestOf(m, cellAt(row, k)); }
       var isMet = false;
       var sum = vec4(0.0);
       var lost = vec4(0.0);
       for (var k = first; k < uniforms.entries; k = k + ${step}) {
         let cell = cellAt(row, k);
         let next = share(cell, m, cell.x == m.x && !isMet);
         isMet = isMet || cell.x == m.x;
         lost = lost + lostInEach(sum, next);
         sum = sum + next;
       }
       own = whole(m, withLostOfEach(sum, lost));`;
  const store = `
    result[4 * cell] = all.x;
    result[4 * cell + 1] = all.y;
    result[4 * cell + 2] = all.z;
    result[4 * cell + 3] = multiplyNoNan(cellLoss(all, uniforms.parameter), weightOf(row));`;
  const cells = count * windows;
  return {
    reads: ['predictions', 'labels', 'weights', 'perEntry', 'signed'],
    size: cells * sizeOfCell(rows),
    invocations: isAlone ? cells : cells * WORKGROUP,
    code: `${isAlone ? '' : MERGE_TOGETHER}${weightOf(rows, rows.hasWeights)}${labelOf(rows)}
      ${isElementwise ? '' : CELL_AT}
      fn main(index : i32) {
        let cell = index${isAlone ? '' : ` / ${WORKGROUP}`};
        let row = cell / ${windows};
        let first = ${isAlone ? `cell - row * ${windows}` : 'i32(localIndex)'};
        var own = vec4(0.0);
        if (row < uniforms.count) { ${own} }
        ${
          isElementwise
            ? ''
            : `let all = ${isAlone ? 'own' : 'together(own)'};
        if (row < uniforms.count${isAlone ? '' : ' && localIndex == 0u'}) { ${store} }`
        }
      }`,
  };
}

/** The sum of all losses, times the factor of the mean. */
function lossSum(rows: Rows, windows: number): Program {
  const times = rows.hasFactor ? 'factor[0]' : '1.0';
  return {
    reads: ['cells', 'factor'],
    size: 1,
    invocations: WORKGROUP,
    code: `${ADD_TOGETHER}
      fn main(index : i32) {
        ${addUp(lossOf(rows, 'k'), 'index', WORKGROUP, `uniforms.count * ${windows}`)}
        let all = together(sum);
        if (index == 0) { result[0] = multiplyNoNan(all * uniforms.scale, ${times}); }
      }`,
  };
}

/** The loss in a cell, which is its last number. */
function lossOf(rows: Rows, cell: string): string {
  const size = sizeOfCell(rows);
  return `cells[(${cell}) * ${size} + ${size - 1}]`;
}

/** The losses of the rows. */
function valuesProgram(rows: Rows, windows: number): Program {
  return {
    reads: ['cells'],
    size: rows.count,
    invocations: rows.count,
    code: `
      fn main(row : i32) {
        if (row >= uniforms.count) { return; }
        ${addUp(lossOf(rows, `row * ${windows} + k`), '0', 1, `${windows}`)}
        result[row] = sum * uniforms.scale;
      }`,
  };
}

function gradientProgram(rows: Rows): Program {
  const { count, length, isElementwise, hasFactor } = rows;
  const gradient = isElementwise
    ? 'elementGradient(x, y, parameterOf(y, column))'
    : 'cellGradient(x, y, vec4(cells[4 * row], cells[4 * row + 1], cells[4 * row + 2], 0.0), uniforms.parameter)';
  const factor = hasFactor ? 'multiplyNoNan(weightOf(row), factor[0])' : 'weightOf(row)';
  return {
    reads: [
      'predictions',
      'labels',
      'weights',
      'perEntry',
      'signed',
      'factor',
      ...(isElementwise ? [] : ['cells']),
    ],
    size: count * length,
    invocations: count * length,
    code: `${weightOf(rows, rows.hasWeights)}${labelOf(rows)}
      fn main(index : i32) {
        let row = index / uniforms.entries;
        if (row >= uniforms.count) { return; }
        let column = index - row * uniforms.entries;
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
        let row = index / uniforms.entries;
        if (row < uniforms.count) { result[index] = multiplyNoNan(gradient[index], dy[row]); }
      }`,
  };
}
