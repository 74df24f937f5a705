/**
 * A bus of another thread: `serveBus` lends one over a message port, `portBus` is that bus at the port's other end. For
 * web pages whose boards live in a worker, and for worker threads of Node.
 *
 * ```ts
 * const { port1, port2 } = new MessageChannel();
 * worker.postMessage({ port: port2 }, [port2]); // there: serveBus(bus, port)
 * const bus = portBus(port1); // here: as any other bus
 * ```
 *
 * @module
 */
export type { MessagePortLike } from './message-port-like.ts';
export { portBus } from './port-bus.ts';
export type { PortBusOptions } from './port-bus.ts';
export { serveBus } from './serve-bus.ts';
export type { BusServer } from './serve-bus.ts';
