// What is used of a message port, written down here so that it can be had without a browser's types and without Node's.

/** One end of a message channel: a `MessagePort` of a browser or of Node is one, and so is a browser's `Worker`. */
export interface MessagePortLike {
  /** Sends a copy; the buffers in the list are handed over instead. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(
    type: 'message' | 'messageerror' | 'close',
    listener: (event: unknown) => void,
  ): void;
  removeEventListener(
    type: 'message' | 'messageerror' | 'close',
    listener: (event: unknown) => void,
  ): void;
  /** Lets what has come in, where it waits for that. */
  start?(): void;
}

/** What is done with what comes out of a port. */
interface PortListeners {
  readonly message: (message: unknown) => void;
  /** Nothing comes any more: the port was closed at the other end, or something came that nobody can read. */
  readonly ended: () => void;
}

/** Hears what comes; the answer stops it. */
export function listenAt(port: MessagePortLike, { message, ended }: PortListeners): () => void {
  const hear = (event: unknown): void => message((event as { readonly data?: unknown }).data);
  port.addEventListener('message', hear);
  port.addEventListener('messageerror', ended);
  port.addEventListener('close', ended);
  port.start?.();
  return () => {
    port.removeEventListener('message', hear);
    port.removeEventListener('messageerror', ended);
    port.removeEventListener('close', ended);
  };
}

/** Sends what is no more than data. False: the port takes nothing any more. */
export function post(port: MessagePortLike, message: object, bytes?: Uint8Array): boolean {
  try {
    if (bytes === undefined) port.postMessage(message, []);
    else {
      // One copy, of no more than these bytes: their owner keeps his, and it crosses without another.
      const own = bytes.slice();
      port.postMessage({ ...message, bytes: own }, own.length === 0 ? [] : [own.buffer]);
    }
    return true;
  } catch {
    return false;
  }
}
