/** Which weights each method takes, and where those belong that it does not take: none are dropped in silence. */
import { Tensor } from '@tensorflow/tfjs-core';

import { toFunctionName } from '../../core/config.js';
import { unknownName, violation } from '../../core/errors.js';
import { isNothing } from '../per_output.js';

const BY_ELEMENT =
  'weights of samples stand in the elements of the dataset, { xs, ys, sampleWeight } or [xs, ys, sampleWeight]';
const IN_TRAINING =
  'class weights count in training alone, as in Keras; weigh the samples with sampleWeight';
const IN_FIT = 'weights go into fit, evaluate or trainOnBatch, or into the elements of a dataset';

/** What becomes of each option with weights: it is taken, or the rule says where it belongs. */
const PLACES: Readonly<Record<string, Readonly<Record<string, true | string>>>> = {
  'model.compile': {
    lossWeights: true,
    weightedMetrics: true,
    sampleWeight: IN_FIT,
    classWeight: IN_FIT,
  },
  'model.fit': { sampleWeight: true, classWeight: true },
  'model.fitDataset': { sampleWeight: BY_ELEMENT, classWeight: true },
  'model.evaluate': { sampleWeight: true, classWeight: IN_TRAINING },
  'model.evaluateDataset': { sampleWeight: BY_ELEMENT, classWeight: IN_TRAINING },
  'model.trainOnBatch': { sampleWeight: true, classWeight: true },
  'a dataset': { sampleWeight: true, classWeight: 'class weights go into fitDataset' },
};

/**
 * Throws where options have weights in a form, under a name or in a place in which they would be dropped.
 *
 * @param who - The method of the model, or `'a dataset'` for an element of one.
 */
export function assertWeightsArePlaced(who: string, options: object | null | undefined): void {
  if (isNothing(options)) return;
  if (options instanceof Tensor || Array.isArray(options) || ArrayBuffer.isView(options)) {
    const rule = 'weights go into an object, { sampleWeight }';
    throw new TypeError(violation(who, rule, options));
  }
  const places = PLACES[who] ?? {};
  for (const [key, value] of Object.entries(options)) {
    if (isNothing(value) || places[key] === true || !/weight/i.test(key)) continue;
    const rule = places[key];
    if (rule !== undefined) throw new RangeError(`${who}: ${rule}. Received: ${key}.`);
    const taken = Object.keys(places).filter((name) => places[name] === true);
    const meant = Object.keys(places).find((name) => singular(name) === singular(key));
    if (meant === undefined) throw unknownName(who, 'option', key, taken);
    throw new RangeError(`${who}: the option is called ${meant}. Received: '${key}'.`);
  }
}

/** `sample_weights` as `sampleweight`. */
function singular(name: string): string {
  return toFunctionName(name).replace(/s$/, '').toLowerCase();
}
