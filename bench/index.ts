/**
 * Times our losses and `model.fit` against TF.js's own: `npm run bench`, which fills docs/performance.md, or a part of it, such as
 * `npm run bench -- wasm sigmoid losses`.
 */
import { measureFit, TRAININGS } from './fit.js';
import { measureLosses } from './losses.js';
import { BACKENDS, missingTensorflow, startBackends, use } from './support/backends.js';
import { CELLS, LOSS_NAMES } from './support/cells.js';
import { command } from './support/command.js';
import { publish } from './support/document.js';
import { filterOf } from './support/filter.js';
import { machine } from './support/machine.js';

await command(async () => {
  const { chosen, all } = filterOf(process.argv.slice(2), {
    backends: BACKENDS,
    losses: LOSS_NAMES,
    parts: ['losses', 'fit'],
  });
  if (missingTensorflow !== undefined) {
    console.error(
      `tensorflow: not measured, ${missingTensorflow} (tools/tfjs_node.sh installs it)`,
    );
  }
  const backends = (await startBackends()).filter((name) => chosen.backends.includes(name));
  const losses = CELLS.filter(({ loss }) => chosen.losses.includes(loss));
  const trainings = TRAININGS.filter(({ loss }) => chosen.losses.includes(loss));

  const tables = {
    ...(chosen.parts.includes('losses') ? await measureLosses(backends, losses) : {}),
    ...(chosen.parts.includes('fit') ? await measureFit(backends, trainings) : {}),
  };
  if (backends.includes('tensorflow')) await use('tensorflow');
  await publish({ machine: machine(), ...tables }, all && missingTensorflow === undefined);
});
