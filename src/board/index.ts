/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { mcubootMode } from './bootloaders/mcuboot/layout.ts';
export { pinMode } from './hardware/button.ts';
export { flashSizeBytes } from './models/board-model.ts';
export { boardInfoText } from './program/board-info.ts';
export { boxProgram, unboxProgram } from './program/box.ts';
export { CREDIT_UNITS, MOST_UNITS, unitsOf } from './program/port.ts';
export type { CreditMessage, PortMessage, ProgramPort } from './program/port.ts';
export type { programPrelude } from './program/prelude/prelude.ts';
export { ProgramEnd } from './program/program-end.ts';
export { ProgramOnPort } from './program/program-on-port.ts';
export { WATCHDOG_MS } from './processor.ts';
