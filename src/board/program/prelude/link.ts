import { packMessage } from '../port.ts';
import type { CallMessage, CallName, FromProgram, ResultMessage, ToProgram } from '../protocol.ts';

/**
 * The way out of the program's world: a head and bytes, and whether it must be sent. Answers whether it was. Only
 * texts, bytes made here and truth values pass it in either direction, so that nothing of the world outside gets in.
 */
export type PreludePost = (head: string, bytes: Uint8Array | undefined, must: boolean) => boolean;

/** Most calls under way at the same time. */
const MOST_CALLS = 256;

interface Waiting {
  readonly resolve: (value: ResultMessage) => void;
  readonly reject: (error: Error) => void;
}

/** Bytes of the program's own world with the same content; a list of numbers will do. */
export function ownBytes(bytes: ArrayLike<number>): Uint8Array {
  const { length } = bytes;
  if (typeof length !== 'number') throw new TypeError('expected bytes');
  const own = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) own[at] = bytes[at] ?? 0;
  return own;
}

/** What the program says to its board, and what it waits for. */
export class BoardLink {
  readonly #post: PreludePost;
  readonly #waiting = new Map<number, Waiting>();
  /** Calls that found no credit, where the thread could not wait for it; they go when there is some, in order. */
  #held: CallMessage[] = [];
  #nextId = 0;

  constructor(post: PreludePost) {
    this.#post = post;
  }

  /** Answers whether it was sent. */
  send(message: FromProgram, must = true): boolean {
    const { head, bytes } = packMessage(message);
    return this.#post(head, bytes, must);
  }

  /** Asks for what comes as a value. */
  async call<T>(name: CallName, ...args: readonly unknown[]): Promise<T> {
    return (await this.ask(name, args)).value as T;
  }

  /** Asks with bytes, or for bytes. */
  ask(name: CallName, args: readonly unknown[], bytes?: Uint8Array): Promise<ResultMessage> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size >= MOST_CALLS)
        throw new Error(`more than ${MOST_CALLS} calls at once`);
      this.#nextId += 1;
      const id = this.#nextId;
      this.#waiting.set(id, { resolve, reject });
      const call: CallMessage = { type: 'call', id, name, args, bytes };
      if (this.#held.length > 0 || !this.send(call, false)) this.#held.push(call);
    });
  }

  /** The board has given credit. */
  hasCredit(): void {
    const held = this.#held;
    while (held[0] !== undefined && this.send(held[0], false)) held.shift();
  }

  /** The board has answered a call. */
  settle(message: Extract<ToProgram, { type: 'result' | 'error' }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'result') {
      waiting?.resolve(message);
      return;
    }
    const error = new Error(message.message);
    error.name = message.code;
    waiting?.reject(error);
  }
}
