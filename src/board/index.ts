/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { ProgramCalls } from './program/calls.ts';
export { programPrelude } from './program/prelude/prelude.ts';
export { ProgramUsb } from './program/usb.ts';
export type { BoardInfo, FromProgram, ToProgram, WorkerStart } from './program/protocol.ts';
