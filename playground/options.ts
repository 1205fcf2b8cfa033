import { lossNamed, type OptionValue } from './losses.js';

/** How the page asks for an option of a loss. */
interface OptionControl {
  readonly title: string;
  readonly sentence: string;
  /** A range of numbers; without it, yes or no. */
  readonly range?: { readonly min: number; readonly max: number; readonly step: number };
  /** The option without which this one does nothing, where the loss has both. */
  readonly needs?: string;
  /** What `null` as the default means. */
  readonly neutral?: number;
}

/** The options that the page has controls for; those of a loss are found by name. */
export const OPTION_CONTROLS: Readonly<Record<string, OptionControl>> = {
  labelSmoothing: {
    title: 'Label smoothing',
    sentence: 'Tells the model that even a right answer is a little uncertain.',
    range: { min: 0, max: 0.5, step: 0.05 },
  },
  posWeight: {
    title: 'Weight of the yes',
    sentence: 'How many times as much a true “yes” (benign) counts as a true “no” (malignant).',
    range: { min: 0.5, max: 10, step: 0.5 },
    neutral: 1,
  },
  gamma: {
    title: 'Gamma',
    sentence: 'How strongly easy rows are passed over; 0 is not at all.',
    range: { min: 0, max: 5, step: 0.5 },
  },
  applyClassBalancing: {
    title: 'Balance by alpha',
    sentence: 'Weighs “yes” (benign) by alpha and “no” (malignant) by 1 − alpha.',
  },
  alpha: {
    title: 'Alpha',
    sentence: 'The weight of a “yes”, or of every class where there are many.',
    needs: 'applyClassBalancing',
    range: { min: 0.05, max: 0.95, step: 0.05 },
  },
  q: {
    title: 'Q',
    sentence: 'How little labels are trusted: near 0 as in cross-entropy, near 1 hardly.',
    range: { min: 0.05, max: 0.95, step: 0.05 },
  },
};

/** The options of a loss that have a control, at their defaults. */
export function defaultOptions(className: string): Record<string, OptionValue> {
  const defaults = lossNamed(className).defaults as Readonly<Record<string, OptionValue | null>>;
  return Object.fromEntries(
    Object.entries(OPTION_CONTROLS)
      .filter(([name]) => name in defaults)
      .map(([name, { neutral }]) => [name, defaults[name] ?? neutral ?? 0]),
  );
}

/** The options that do something: what another one has switched off is left out. */
export function effectiveOptions(
  options: Readonly<Record<string, OptionValue>>,
): Record<string, OptionValue> {
  return Object.fromEntries(
    Object.entries(options).filter(
      ([name]) => options[OPTION_CONTROLS[name]?.needs ?? ''] !== false,
    ),
  );
}

/** What differs from the defaults: the options as one would write them. */
export function givenOptions(
  className: string,
  options: Readonly<Record<string, OptionValue>>,
): Record<string, OptionValue> {
  const defaults = defaultOptions(className);
  return Object.fromEntries(
    Object.entries(effectiveOptions(options)).filter(([name, value]) => value !== defaults[name]),
  );
}
