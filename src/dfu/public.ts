/**
 * DFU 1.1 and DfuSe in words: requests, states, statuses, the functional descriptor, the file suffix;
 * DfuSe's commands, memory layouts and files. Nothing here talks to anything.
 *
 * @module
 */
export * from './dfuse-commands.ts';
export * from './dfuse-file.ts';
export * from './dfuse-layout.ts';
export { isDfuSeFile } from './dfuse-signature.ts';
export * from './functional-descriptor.ts';
export * from './requests.ts';
export * from './status.ts';
export * from './suffix.ts';
