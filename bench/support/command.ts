/** Runs a command to its end. An error that Node reports itself would come with the source of TF.js's wasm backend. */
export async function command(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}
