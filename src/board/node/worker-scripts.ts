/**
 * What runs in the thread or the process of a program, as texts: a bundler that puts a runner into another file moves no file along
 * with it, and what is a text already is changed by none. In the built package a module with the finished texts stands
 * in the place of this one; from the sources they are bundled here.
 *
 * @module
 */
interface WorkerScripts {
  readonly workerScript: string;
  readonly processScript: string;
  readonly preludeScript: string;
  readonly machineScript: string;
}

const bundler = new URL('../../../scripts/worker-scripts.mjs', import.meta.url).href;
const { bundleWorkerScripts } = (await import(/* @vite-ignore */ bundler)) as {
  readonly bundleWorkerScripts: () => Promise<WorkerScripts>;
};
const made = await bundleWorkerScripts();

/** `worker-program.ts`: a script for Node. */
export const workerScript: string = made.workerScript;

/** `process-program.ts`: a script for Node. */
export const processScript: string = made.processScript;
/** A script whose value is `programPrelude`. */
export const preludeScript: string = made.preludeScript;
/** `machine-thread.ts`: a script for Node. */
export const machineScript: string = made.machineScript;
