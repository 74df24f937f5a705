/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { configureFirst } from './pipe-state.ts';
export { throwIfAborted } from './until.ts';
export { idDigits, parseIdNumber } from './usb-id.ts';
