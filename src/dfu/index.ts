/**
 * DFU 1.1 in words: requests, states, statuses, the functional descriptor, the file suffix. Nothing
 * here talks to anything.
 *
 * @module
 */
export * from './functional-descriptor.ts';
export * from './requests.ts';
export * from './status.ts';
export * from './suffix.ts';
