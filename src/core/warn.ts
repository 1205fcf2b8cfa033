/** What every JavaScript engine has, also one without a DOM. */
declare const console: { warn(text: string): void };

/** Tells the user of something that is allowed, and hardly meant. */
export function warn(text: string): void {
  console.warn(`tfjs-losses: ${text}`);
}
