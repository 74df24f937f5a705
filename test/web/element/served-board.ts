import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { DfuRequest } from '../../../src/dfu/index.ts';
import { timerClock } from '../../../src/usb/index.ts';
import { usbipBus } from '../../../src/link/usbip/index.ts';
import { serveBus } from '../../../src/link/message-port/index.ts';
import type { MessagePortLike } from '../../../src/link/message-port/index.ts';
import { BoardProcess, dfukit } from '../../support/built-cli.ts';
import type { Message } from '../../support/built-cli.ts';

const clock = timerClock(globalThis);

/** A folder of the test's own. */
export function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-element-'));
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a command of dfukit's to its end, which has to be a good one. */
export async function command(...args: string[]): Promise<void> {
  const { status, err } = await dfukit(...args);
  if (status !== 0) throw new Error(`dfukit ${args.join(' ')}: ${status}\n${err}`);
}

const built = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** An example firmware built for a board; what was built once is not built again. */
export function firmware(example: string, ...args: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const key = [example, ...args].join(' ');
  const found = built.get(key) ?? build(example, args);
  built.set(key, found);
  return found;
}

async function build(example: string, args: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-element-'));
  try {
    const file = join(folder, 'firmware.bin');
    await command('firmware', 'build', example, ...args, '-o', file);
    return new Uint8Array(readFileSync(file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Listener = (event: unknown) => void;

/** What JSON has no words for: bytes, and what is left out of a list. */
function packed(_: string, value: unknown): unknown {
  if (value === undefined) return { leftOut: true };
  return value instanceof Uint8Array ? { bytes64: Buffer.from(value).toString('base64') } : value;
}

function unpacked(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('leftOut' in value) return undefined;
  return 'bytes64' in value ? new Uint8Array(Buffer.from(String(value.bytes64), 'base64')) : value;
}

/** The test's end of a port to the page. */
export class PagePort implements MessagePortLike {
  readonly #send: (message: string) => void;
  readonly #listeners = new Set<Listener>();
  /** What the page says waits for this. */
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  /** Blocks of a download that the page has sent. */
  blocks = 0;
  #most = Infinity;

  constructor(send: (message: string) => void) {
    this.#send = send;
  }

  postMessage(message: unknown): void {
    this.#send(JSON.stringify(message, packed));
  }

  addEventListener(type: string, listener: Listener): void {
    if (type === 'message') this.#listeners.add(listener);
  }

  removeEventListener(_: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Nothing passes any more once so many blocks have, until `release`. */
  holdAfter(blocks: number): void {
    this.#most = blocks;
  }

  release(): void {
    this.#most = Infinity;
    this.#open();
  }

  async hear(text: string): Promise<void> {
    if (this.blocks >= this.#most) {
      this.#most = Infinity;
      this.#gate = new Promise((open) => (this.#open = open));
    }
    await this.#gate;
    const data: unknown = JSON.parse(text, unpacked);
    if (isBlock(data)) this.blocks += 1;
    for (const listener of this.#listeners) listener({ data });
  }
}

/** DFU_DNLOAD with data in it. */
function isBlock(message: unknown): boolean {
  const { verb, numbers, bytes } = message as {
    readonly verb?: string;
    readonly numbers?: readonly number[];
    readonly bytes?: Uint8Array;
  };
  const isDownload = numbers?.[0] === 0x21 && numbers[1] === DfuRequest.DNLOAD;
  return verb === 'out' && isDownload && bytes !== undefined && bytes.length > 0;
}

/** A board that runs as another process, for the page to have as a bus. */
export class ServedBoard {
  readonly process: BoardProcess;
  readonly #host: string;
  readonly #port: number;
  readonly #close: (() => Promise<void>)[] = [];

  private constructor(board: BoardProcess, ready: Message) {
    const { host, port } = ready['usbip'] as { readonly host: string; readonly port: number };
    this.process = board;
    this.#host = host;
    this.#port = port;
  }

  static async start(context: TestContext, ...args: string[]): Promise<ServedBoard> {
    const board = new BoardProcess(...args, '--usbip', '127.0.0.1:0');
    context.onTestFinished(async () => {
      board.kill('SIGKILL');
      await board.ended;
    });
    const served = new ServedBoard(board, await board.until({ event: 'ready' }));
    // An application is at USB some time after its board is ready.
    const attached = { event: 'usb', state: 'attached' };
    const isThere = board.messages.some(
      ({ event, state }) => event === attached.event && state === attached.state,
    );
    if (!isThere) await board.until(attached);
    context.onTestFinished(() => served.#end());
    return served;
  }

  /** Lends it to the page at the other end of the port. */
  lend(port: MessagePortLike): void {
    const bus = usbipBus({ host: this.#host, port: this.#port, clock });
    const served = serveBus(bus, port);
    this.#close.push(async () => {
      await served.close();
      await bus.close();
    });
  }

  async #end(): Promise<void> {
    for (const close of this.#close) await close();
  }
}
