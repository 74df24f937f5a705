/**
 * The firmware that this package brings along: examples for virtual boards, built, each as one ES module. They are texts,
 * and go wherever a bundler puts this package.
 *
 * @module
 */
export { firmwareConfig, firmwareModules } from './build-options.ts';
export type { FirmwareBuildOptions } from './build-options.ts';
export { firmwareExamples, loadExample } from './firmware-examples.ts';
