/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { factoryOptionBytes, readProtection, withOptionBytes } from './option-bytes.ts';
export { VECTOR_BYTES, vectorTableFault } from './start.ts';
