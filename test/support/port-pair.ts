import type { MessagePortLike } from '../../src/link/message-port/index.ts';

/** One end of a channel in this thread, which needs no time. */
class TestPort implements MessagePortLike {
  peer: TestPort | undefined;
  /** What came to this end, in order. */
  readonly received: unknown[] = [];
  isClosed = false;
  readonly #listeners = new Map<string, Set<(event: unknown) => void>>();

  postMessage(message: unknown, transfer: ArrayBuffer[] = []): void {
    const data = structuredClone(message, { transfer });
    const { peer } = this;
    if (peer === undefined) throw new Error('the port takes nothing');
    queueMicrotask(() => peer.deliver('message', { data }));
  }

  addEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** How many listen, to anything. */
  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  deliver(type: string, event: { readonly data?: unknown } = {}): void {
    if (this.isClosed) return;
    if (type === 'message') this.received.push(event.data);
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  /** Both ends hear of it, as in a browser that tells. */
  close(): void {
    const { peer } = this;
    this.deliver('close');
    this.isClosed = true;
    queueMicrotask(() => {
      peer?.deliver('close');
      if (peer !== undefined) peer.isClosed = true;
    });
  }
}

/** The two ends of a channel. */
export function portPair(): readonly [TestPort, TestPort] {
  const [one, other] = [new TestPort(), new TestPort()];
  one.peer = other;
  other.peer = one;
  return [one, other];
}
