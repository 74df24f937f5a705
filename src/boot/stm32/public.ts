/**
 * STM32 chips whose loader lies in system memory: how start-up code finds its way into it and back
 * into the application, and the option bytes that decide what may be read.
 *
 * @module
 */
export * from './option-bytes.ts';
export * from './start.ts';
export * from './system-memory.ts';
