/**
 * What runs in the worker of a firmware, as a text: a bundler that puts the runner into another file moves no file along with
 * it. In the built package a module with the finished text stands in the place of this one; from the sources it is bundled here.
 *
 * @module
 */
interface WebScripts {
  readonly firmwareScript: string;
}

const bundler = new URL('../../../scripts/worker-scripts.mjs', import.meta.url).href;
const { bundleWorkerScripts } = (await import(/* @vite-ignore */ bundler)) as {
  readonly bundleWorkerScripts: () => Promise<WebScripts>;
};
const made = await bundleWorkerScripts();

/** `firmware-worker.ts`: a script for a worker of a browser. */
export const firmwareScript: string = made.firmwareScript;
