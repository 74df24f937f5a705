import { unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';
import { connect, leave, receive } from '../../host/index.ts';
import type { UploadSink } from '../../host/index.ts';
import { CommandEnd, ExitCode, cannot } from '../shared/exit-codes.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { passOn } from '../shared/pass-on.ts';
import type { Terminal } from '../shared/terminal.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { addTransferOptions, dialectOf, forceOf, selectionOf } from './select.ts';
import type { TransferOptions } from './select.ts';
import { systemWords } from '../shared/system-words.ts';

interface UploadCommand extends TransferOptions {
  readonly uploadSize?: number | undefined;
  readonly maxSize?: number | undefined;
}

/** Sizes that a file may have: all that a number says exactly. */
const anySize = [1, Number.MAX_SAFE_INTEGER] as const;

/** `dfukit upload FILE`. */
export function command(terminal: Terminal): Command {
  return addTransferOptions(new Command('upload'), ['outside-layout'])
    .description('read a device into a new file (- for standard output)')
    .argument('<file>', 'must not exist yet')
    .option(
      '-Z, --upload-size <bytes>',
      'how much is expected: scales the bar; fewer bytes end with 75, more are warned of',
      wholeNumber('--upload-size', anySize),
    )
    .option(
      '--max-size <bytes>',
      'give up a device that sends more (default: 256 MiB)',
      wholeNumber('--max-size', anySize),
    )
    .option('--force', "ask though the device's descriptor says that it gives no uploads")
    .action((path: string, options: UploadCommand) => run(terminal, path, options));
}

async function run(terminal: Terminal, path: string, options: UploadCommand): Promise<void> {
  const dialect = dialectOf(options);
  const output = await create(terminal, path);
  const out = path === '-' ? terminal.err : terminal.out;
  try {
    await runOnBus(terminal, { ...options, out }, async (around) => {
      try {
        await receiveFrom(output.sink, { ...options, protocol: dialect }, around);
        await output.finish();
      } catch (error) {
        throw await output.keep(error);
      }
    });
  } catch (error) {
    await output.discard();
    throw error;
  }
}

async function receiveFrom(
  sink: UploadSink,
  options: UploadCommand,
  { bus, clock, signal, onEvent }: Surroundings,
): Promise<void> {
  const { wait, detachDelay: returnMs, timeout: transferMs, dfuseAddress, protocol } = options;
  const { transferSize: transferSizeBytes, maxSize: maxBytes, uploadSize: totalBytes } = options;
  const { busyLimit: busyLimitMs, pollTime: pollTimeMs, allow } = options;
  const selection = selectionOf(options);
  const terms = { clock, signal, onEvent, selection, wait, returnMs, transferMs };
  const session = await connect(bus, terms);
  const away = async (): Promise<void> => {
    if (options.reset === true) await leave(session, { signal, onEvent });
  };
  try {
    const { bytes } = await receive(session, sink, {
      ...dfuseAddress,
      dialect: protocol,
      signal,
      onEvent,
      transferSizeBytes,
      maxBytes,
      totalBytes,
      busyLimitMs,
      pollTimeMs,
      allow,
      force: forceOf(options),
    });
    if (totalBytes !== undefined && bytes !== totalBytes) {
      const message = `expected ${totalBytes} bytes, the device sent ${bytes}`;
      onEvent({ type: 'note', message });
    }
    await away();
  } catch (error) {
    // It has given all that it has: less than was expected, and ready to leave.
    if (DfuError.is(error, 'INCOMPLETE')) await away();
    throw error;
  } finally {
    await session.close();
  }
}

/** What ends an upload in the middle and says nothing against the bytes that came before. */
const ended: ReadonlySet<DfuErrorCode> = new Set([
  'DEVICE_STATUS',
  'DISCONNECTED',
  'INCOMPLETE',
  'PROTOCOL',
  'STALLED',
  'TIMEOUT',
]);

/** How many bytes came before it failed; none if they are not worth keeping. */
function goodBytes(error: unknown): number {
  if (!DfuError.is(error) || !ended.has(error.code)) return 0;
  return error.progress?.acknowledged.bytes ?? 0;
}

/** An error with what became of the bytes that came before. */
function withKept(error: DfuError, kept: string): DfuError {
  const { code, message, status, remedies, progress, cause } = error;
  return new DfuError(code, `${message}; ${kept}`, { status, remedies, progress, cause });
}

interface Sink {
  readonly sink: UploadSink;
  finish(): Promise<void>;
  /** The device ended it: what came before is good, and stays. The error then says so. */
  keep(error: unknown): Promise<unknown>;
  /** What was written so far is no upload: it goes, unless it was kept. */
  discard(): Promise<void>;
}

/** Creates the file. Throws if it cannot be, with an exit code of its own. */
async function create(terminal: Terminal, path: string): Promise<Sink> {
  if (path === '-') {
    return {
      sink: (chunk) => passOn(terminal.out, chunk),
      finish,
      keep: sameError,
      discard: finish,
    };
  }
  try {
    const file = await open(path, 'wx');
    const remove = (): void => unlinkSync(path);
    // Also if the program is ended in the middle: nobody shall take half an upload for a whole one.
    const forget = terminal.onExit(remove);
    let stays = false;
    const stay = async (): Promise<void> => {
      await file.close().catch(cannotWrite);
      stays = true;
      forget();
    };
    return {
      sink: (chunk) => file.appendFile(chunk).catch(cannotWrite),
      finish: stay,
      async keep(error) {
        const bytes = goodBytes(error);
        if (!DfuError.is(error) || bytes === 0) return error;
        await stay();
        return withKept(error, `the ${bytes} good bytes are in ${path}`);
      },
      async discard() {
        if (stays) return;
        await file.close().catch(() => {});
        forget();
        remove();
      },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CommandEnd(ExitCode.cannotCreate, `cannot create ${path}: it exists already`);
    }
    throw cannot(`create ${path}`, error, ExitCode.cannotCreate);
  }
}

function finish(): Promise<void> {
  return Promise.resolve();
}

async function sameError(error: unknown): Promise<unknown> {
  await finish();
  return error;
}

function cannotWrite(cause: unknown): never {
  throw new DfuError('IO', `cannot write the file: ${systemWords(cause)}`, { cause });
}
