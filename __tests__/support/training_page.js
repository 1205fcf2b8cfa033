/** A page that has the globals `tf` and `tfLosses`: losses on tensors, and models compiled with an object and with a name. */
/* global tf, tfLosses, location */

const labels = [
  [0, 1],
  [0, 0],
];
const logits = [
  [-18.6, 0.51],
  [2.94, -12.8],
];

function mayEval() {
  try {
    return new Function('return true')();
  } catch {
    return false;
  }
}

/** Whether the loss fell by half, and the accuracy after training. */
async function train(loss, activation) {
  const dense = { units: 1, inputShape: [1], kernelInitializer: 'zeros', activation };
  const model = tf.sequential({ layers: [tf.layers.dense(dense)] });
  model.compile({ optimizer: tf.train.sgd(1), loss, metrics: ['accuracy'] });
  const [xs, ys] = [tf.tensor([[-1], [1], [2]]), tf.tensor([[0], [1], [1]])];
  const { history } = await model.fit(xs, ys, { epochs: 30, verbose: 0 });
  return [history.loss.at(-1) < history.loss[0] / 2, history.acc.at(-1)];
}

async function main() {
  const started = await tf.setBackend(location.search.slice(1));
  const loss = new tfLosses.BinaryCrossentropy({ fromLogits: true });
  return {
    mayEval: mayEval(),
    backend: started && tf.getBackend(),
    value: await loss(labels, logits).array(),
    gradient: await tf
      .grad((x) => loss(labels, x))(tf.tensor(logits))
      .array(),
    byObject: await train(loss, 'linear'),
    byName: await train('binary_focal_crossentropy', 'sigmoid'),
  };
}

globalThis.result = main();
