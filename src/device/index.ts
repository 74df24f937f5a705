/**
 * A USB device in software: control endpoint 0, the DFU functions, and the media they write to.
 *
 * @module
 */
export * from './function.ts';
export * from './medium.ts';
