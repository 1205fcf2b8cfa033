import * as tf from '@tensorflow/tfjs';

import { load, parse, split, toSamples, type Dataset, type Samples } from './dataset.js';

const url = './data/breast_cancer.csv';

/** Tumours, malignant (0) or benign (1). */
export async function loadBreastCancer(): Promise<Dataset> {
  // The first line names the classes.
  const rows = parse(await load(url)).slice(1);
  const { training, validation } = split(rows);
  return {
    name: 'breast_cancer',
    title: 'Tumours',
    sentence: '569 tumours, 30 measurements of each: malignant or benign?',
    source:
      'Breast Cancer Wisconsin (Diagnostic), W. H. Wolberg, W. N. Street, O. L. Mangasarian, 1995; UCI Machine Learning Repository, CC BY 4.0',
    url,
    classes: ['malignant', 'benign'],
    activation: 'sigmoid',
    units: 1,
    hiddenUnits: 16,
    saturatedBias: (logit) => [-logit],
    saturatedBelief: 'every tumour is malignant',
    ...(await standardise(toSamples(training), toSamples(validation))),
  };
}

/** Mean and deviation come from the training rows alone: validation rows must not be seen before. */
async function standardise(training: Samples, validation: Samples) {
  const { mean, variance } = tf.tidy(() => tf.moments(tf.tensor2d(training.features), 0));
  const scaled = async (samples: Samples): Promise<Samples> => {
    const features = tf.tidy(() =>
      tf.div(tf.sub(tf.tensor2d(samples.features), mean), tf.sqrt(variance)),
    );
    try {
      return { ...samples, features: (await features.array()) as number[][] };
    } finally {
      features.dispose();
    }
  };
  try {
    return { training: await scaled(training), validation: await scaled(validation) };
  } finally {
    tf.dispose([mean, variance]);
  }
}
