/**
 * NOR flash as it really behaves: geometry, program and erase rules, partitions, power cut.
 *
 * @module
 */
export * from './flash.ts';
