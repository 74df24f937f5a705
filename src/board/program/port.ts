/**
 * One message between a board and a program: its head as JSON, and the bytes that belong to it, if there are any
 * (text of the console, data of a USB transfer, contents of flash). A text and bytes are all that crosses: both can be
 * measured before anybody looks inside.
 */
export interface PortMessage {
  readonly head: string;
  readonly bytes?: Uint8Array | undefined;
}

/** The board has read that much of what the program has sent, in units: the program may send as much again. */
export interface CreditMessage {
  readonly credit: number;
}

/**
 * A program's way to its board, seen from the board: a worker thread of Node, a worker of a browser, or anything else
 * that takes and gives messages in order. Whatever comes from it is hostile until `ProgramOnPort` has checked it.
 */
export interface ProgramPort {
  /** Sends; what is sent to a program that has ended is lost. */
  post(message: PortMessage | CreditMessage): void;
  /**
   * How many bytes were sent that the program has not read; left out where nobody can know. What asks and does not
   * read its answers waits.
   */
  readonly unreadBytes?: number | undefined;
  /** Called with each message, in order, from the next turn of the event loop on. One listener. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called when the program is over without having been told to, with the reason. One listener. */
  onEnd(listener: (why: string) => void): void;
  /** Ends it, wherever it is; resolves when nothing of it is left. */
  terminate(): Promise<void>;
}

/**
 * What a program may have sent without its board having read it, in units: one for each character of a head and each
 * byte.
 */
export const CREDIT_UNITS = 0x10000;

/** Largest message, in units. */
export const MOST_UNITS = 0x80000;

/** What a message counts against the credit. */
export function unitsOf({ head, bytes }: PortMessage): number {
  return head.length + (bytes?.byteLength ?? 0);
}

/** A message for the port: its bytes beside the rest of it. */
export function packMessage(
  message: object & { readonly bytes?: Uint8Array | undefined },
): PortMessage {
  const { bytes, ...head } = message;
  return { head: JSON.stringify(head), bytes };
}

/**
 * And back again: `bytes` are those that came beside the head, whatever that says. Throws a `SyntaxError` for a head that
 * is no JSON, a `TypeError` for one that is no object.
 */
export function unpackMessage({ head, bytes }: PortMessage): object {
  const message: unknown = JSON.parse(head);
  if (typeof message === 'object' && message !== null) return { ...message, bytes };
  throw new TypeError(`expected an object, got ${typeof message}`);
}

/** The whole buffer of a view crosses with it: a view of a flash must not take all of it along. */
export function tight(message: PortMessage): PortMessage {
  const { head, bytes } = message;
  if (bytes === undefined || bytes.buffer.byteLength === bytes.byteLength) return message;
  return { head, bytes: bytes.slice() };
}
