/**
 * A USB cable in memory: devices in software are plugged into a bus, which enumerates them as a real
 * host does. Time is the clock that was handed in; nothing here waits for anything else.
 *
 * @module
 */
export { LoopbackBus } from './loopback-bus.ts';
export type { LoopbackOptions, LoopbackPlug, PlugOptions } from './loopback-bus.ts';
