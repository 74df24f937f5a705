import { Worker } from 'node:worker_threads';
import { DfuError } from '../../bytes/index.ts';
import { ProgramCalls, ProgramUsb, programPrelude, unboxProgram } from '../index.ts';
import type {
  BoardInfo,
  FromProgram,
  Peripherals,
  Runner,
  RunningProgram,
  ToProgram,
  WorkerStart,
} from '../index.ts';
import { workerProgram } from './worker-program.ts';

/** What a program may use of the machine that the board runs on. */
export interface WorkerRunnerOptions {
  /** Heap of one program, in MiB; default 64. Buffers outside of the heap are not counted. */
  readonly heapMb?: number | undefined;
}

/** Bytes that a program may have sent without the board having read them. */
const MOST_UNREAD_BYTES = 0x10000;
/** Longest message that is taken from a program, in characters. */
const MOST_MESSAGE = 0x80000;
/** Typed lines that a program has not taken yet; more are lost, as in a UART that nobody reads. */
const MOST_LINES = 64;

/**
 * Runs programs that are ES modules, each in a worker thread of its own and there in a context that
 * holds the language and the board's interface and nothing else.
 *
 * This keeps a program's mistakes in: it can crash, loop or fill its heap, and the board's watchdog
 * deals with it. It is no wall against a program that wants out: `node:vm` is no security boundary,
 * memory outside of the heap is not limited, and a worker shares its process. Run programs that you
 * would also run with `node`.
 */
export class WorkerRunner implements Runner {
  readonly #options: WorkerRunnerOptions;

  constructor(options: WorkerRunnerOptions = {}) {
    this.#options = options;
  }

  start(peripherals: Peripherals): RunningProgram {
    const source = load(peripherals);
    if (source === undefined) return NOTHING_RUNS;
    try {
      return new WorkerProgram(peripherals, source, this.#options);
    } catch (error) {
      // No threads or memory left on this machine: the watchdog will try again.
      peripherals.fault(`the program could not be started: ${String(error)}`);
      return NOTHING_RUNS;
    }
  }
}

const NOTHING_RUNS: RunningProgram = { stop: () => Promise.resolve() };

/** The module at the entry; undefined after a fault. */
function load(board: Peripherals): string | undefined {
  const { model, image, flash } = board;
  try {
    const payload = unboxProgram(
      (address, lengthBytes) => flash.read(address - model.flashBaseAddress, lengthBytes),
      image.entryAddress,
      model.ram,
    );
    return new TextDecoder('utf-8', { fatal: true }).decode(payload);
  } catch (error) {
    board.fault(`hard fault: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function infoOf(board: Peripherals): BoardInfo {
  const { model, serial, image, platform, target, areas, bootControl, retainedRam } = board;
  const sensors = model.sensors.map(({ name, class: kind, scale, unit }) => ({
    name,
    class: kind,
    scale,
    unit,
  }));
  const { name, chip } = model;
  const { sectors, writeUnitBytes } = model.flash;
  const sectorBytes = Math.max(...sectors.map(({ sizeBytes }) => sizeBytes));
  return {
    name,
    chip,
    platform,
    target,
    serial,
    image,
    flash: { areas, writeUnitBytes, sectorBytes },
    noInitRam: { address: retainedRam.address, sizeBytes: retainedRam.sizeBytes },
    bootControl: bootControl !== undefined,
    sensors,
  };
}

class WorkerProgram implements RunningProgram {
  readonly #board: Peripherals;
  readonly #worker: Worker;
  readonly #usb: ProgramUsb;
  readonly #calls: ProgramCalls;
  readonly #unread = new Int32Array(new SharedArrayBuffer(4));
  #linesUnderWay = 0;
  #over = false;
  #stopped: Promise<void> | undefined;

  constructor(board: Peripherals, source: string, { heapMb = 64 }: WorkerRunnerOptions) {
    this.#board = board;
    this.#usb = new ProgramUsb(board, (message) => this.#send(message));
    this.#calls = new ProgramCalls(board, this.#usb);
    const start: WorkerStart = {
      source,
      info: JSON.stringify(infoOf(board)),
      unread: this.#unread.buffer,
      mostUnreadBytes: MOST_UNREAD_BYTES,
    };
    const prelude = JSON.stringify(programPrelude.toString());
    this.#worker = new Worker(`(${workerProgram.toString()})(require, ${prelude})`, {
      eval: true,
      workerData: start,
      env: {},
      execArgv: ['--experimental-vm-modules', '--no-warnings'],
      name: `${board.model.name} ${board.serial}`,
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16 },
    });
    this.#listen();
  }

  stop(): Promise<void> {
    this.#end();
    this.#stopped ??= this.#worker.terminate().then(() => undefined);
    return this.#stopped;
  }

  #listen(): void {
    const { uart, watchdog } = this.#board;
    // Until here it was the host that took its time, not the program.
    this.#worker.on('online', () => {
      if (!this.#over) watchdog.feed();
    });
    this.#worker.on('message', (message: unknown) => {
      if (typeof message === 'string') this.#message(message);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#fault(error instanceof Error ? error.message : String(error));
    });
    this.#worker.on('exit', () => {
      this.#fault('the program has ended by force');
    });
    watchdog.onWarning(() => {
      this.#send({ type: 'ping' });
    });
    uart.onLine((text) => {
      if (this.#linesUnderWay >= MOST_LINES) return;
      this.#linesUnderWay += 1;
      this.#send({ type: 'line', text });
    });
  }

  #send(message: ToProgram): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
    if (!this.#over) this.#worker.postMessage(JSON.stringify(message));
  }

  #fault(message: string): void {
    if (this.#over) return;
    this.#end();
    this.#board.fault(`crash: ${message}`);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#calls.stop();
    this.#usb.stop();
  }

  #message(text: string): void {
    Atomics.sub(this.#unread, 0, text.length);
    Atomics.notify(this.#unread, 0);
    if (this.#over) return;
    if (text.length > MOST_MESSAGE) {
      this.#fault(`a message of ${text.length} characters, expected at most ${MOST_MESSAGE}`);
      return;
    }
    try {
      this.#heard(JSON.parse(text) as FromProgram);
    } catch (error) {
      // Only a program that has broken out of its interface says what makes no sense.
      this.#fault(`nonsense from the program: ${String(error)}`);
    }
  }

  #heard(message: FromProgram): void {
    switch (message.type) {
      case 'print':
        this.#board.uart.write(message.text);
        return;
      case 'fed':
        this.#board.watchdog.feed();
        return;
      case 'taken':
        this.#linesUnderWay = Math.max(0, this.#linesUnderWay - 1);
        return;
      case 'usb-heard':
        this.#usb.heard();
        return;
      case 'usb-taken':
        this.#usb.taken();
        return;
      case 'dfu-allowed':
        this.#usb.allowed(message);
        return;
      case 'answer':
        this.#usb.answer(message);
        return;
      case 'call':
        this.#call(message);
    }
  }

  #call({ id, name, args }: Extract<FromProgram, { type: 'call' }>): void {
    try {
      this.#calls.run(name, args, (value) => this.#send({ type: 'result', id, value }));
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      this.#send({ type: 'error', id, code: error.code, message: error.message });
    }
  }
}
