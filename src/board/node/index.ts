/** The room's face to its siblings: what the world sees, and what only they need. */
export { GdbServer } from './gdb-server.ts';
export { flashFileHolder } from './flash-file.ts';
export { rootKeepsPrivileges } from './process-start.ts';
export * from './public.ts';
export { SteadyRunner } from './steady-runner.ts';
