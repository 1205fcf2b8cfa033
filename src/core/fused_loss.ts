import type { KernelSpec } from './kernel_contract.js';
import { isFused, isRecorded, runFused } from './fused.js';
import { sizeOf, withShape } from './inputs.js';
import {
  classOf,
  composed,
  ownerOf,
  readsLogits,
  type FusedLoss,
  type Loss,
  type LossClass,
} from './loss.js';
import { kernelReduction } from './reduction.js';
import { expandWeights, weigh, weighedShape } from './weighting.js';

/** The loss as one kernel computes it with its weights and its reduction, if there is one. */
export const fusedLoss: FusedLoss = (loss, checked, call, reduction) => {
  const {
    labels,
    output: predictions,
    labelsShape,
    outputShape,
    shape,
    weights,
    labelWeights,
  } = checked;
  if (shape === undefined) return undefined;
  const spec = rowsOf(loss, outputShape, labelsShape, checked.fromLogits);
  const rows = sizeOf(shape);
  if (spec === undefined || rows === 0 || spec.rowLength === 0) return undefined;
  if (predictions.dtype !== 'float32' || !isFused(spec.kernel)) return undefined;
  // A row with one label is weighed as that is.
  if (labelWeights !== undefined && spec.rowLength > 1) return undefined;
  const byLabel = labelWeights && withShape(labelWeights, shape);
  const given = byLabel && weights ? weigh(call.who, byLabel, weights) : (byLabel ?? weights);
  const weighed = given === undefined ? shape : weighedShape(call.who, shape, given.shape);
  if (sizeOf(weighed) !== rows) return undefined;
  // A weighted mean divides by the sum of the weights as given, before they are spread.
  const isSpread = given !== undefined && given.size !== rows;
  if (isSpread && reduction === 'mean_with_sample_weight') return undefined;
  const perRow = isSpread ? expandWeights(call.who, shape, given) : given;
  return runFused(
    { labels, predictions, weights: perRow },
    {
      who: call.who,
      rows,
      shape: weighed,
      reduction: weighed.length === 0 ? 'none' : kernelReduction(reduction),
      spec,
      gradient: isRecorded(),
    },
    (inputs) => {
      const { labels: y, predictions: x, weights: w } = inputs;
      const again = { ...checked, labels: y, output: x, weights: w, labelWeights: undefined };
      return composed(loss, again, call, reduction);
    },
  );
};

/** How a kernel computes the loss, if `compute` and `mask` are of the class that said so. */
function rowsOf(
  loss: Loss,
  yPred: number[],
  yTrue: number[],
  fromLogits: boolean | undefined,
): KernelSpec | undefined {
  const owner = rowsOwner(classOf(loss));
  // Nobody below that class may have changed what the kernel computes.
  const isOwn = (name: string) =>
    methodOf(loss, name) === methodOf(owner.prototype as object, name);
  if (!isOwn('compute') || !isOwn('mask')) return undefined;
  const readsProbabilities = 'fromLogits' in loss.options && !(fromLogits ?? readsLogits(loss));
  return readsProbabilities ? undefined : loss.rows(yPred, yTrue);
}

function methodOf(object: object, name: string): unknown {
  return (object as Record<string, unknown>)[name];
}

/** The class that wrote `rows`, looked up once. */
const rowsOwners = new WeakMap<LossClass, LossClass>();

function rowsOwner(lossClass: LossClass): LossClass {
  let owner = rowsOwners.get(lossClass);
  if (owner === undefined) {
    owner = ownerOf(lossClass, 'rows');
    rowsOwners.set(lossClass, owner);
  }
  return owner;
}
