import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { connect, leave, receive } from '../../host/index.ts';
import type { DfuSeModifiers, UploadSink } from '../../host/index.ts';
import { CommandEnd, ExitCode, cannot } from '../shared/exit-codes.ts';
import { wholeNumber } from '../shared/numbers.ts';
import type { Output, Terminal } from '../shared/terminal.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { addDfuSeOption, addOpenOptions, selectionOf } from './select.ts';
import type { OpenOptions } from './select.ts';
import { systemWords } from '../shared/system-words.ts';

interface UploadCommand extends OpenOptions {
  readonly reset?: true | undefined;
  readonly transferSize?: number | undefined;
  readonly uploadSize?: number | undefined;
  readonly maxSize?: number | undefined;
  readonly force?: true | undefined;
  readonly dfuseAddress?: DfuSeModifiers | undefined;
}

/** Sizes that a file may have: all that a number says exactly. */
const anySize = [1, Number.MAX_SAFE_INTEGER] as const;

/** `dfukit upload FILE`. */
export function command(terminal: Terminal): Command {
  return addDfuSeOption(addOpenOptions(new Command('upload')))
    .description('read a device into a new file (- for standard output)')
    .argument('<file>', 'must not exist yet')
    .option('-R, --reset', 'afterwards, ask the device to leave DFU mode')
    .option(
      '-t, --transfer-size <bytes>',
      'bytes in a block, instead of what the device says',
      wholeNumber('--transfer-size', [1, 65535]),
    )
    .option(
      '-Z, --upload-size <bytes>',
      'how much is expected: scales the bar; another length is warned of',
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
  const output = await create(terminal, path);
  const out = path === '-' ? terminal.err : terminal.out;
  try {
    await runOnBus(terminal, { ...options, out }, async (around) => {
      await receiveFrom(output.sink, options, around);
      await output.finish();
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
  const { wait, force, detachDelay: returnMs, timeout: transferMs, dfuseAddress: dfuse } = options;
  const { transferSize: transferSizeBytes, maxSize: maxBytes, uploadSize: totalBytes } = options;
  const selection = selectionOf(options);
  const session = await connect(bus, {
    clock,
    signal,
    onEvent,
    selection,
    wait,
    returnMs,
    transferMs,
  });
  try {
    const { bytes } = await receive(session, sink, {
      ...dfuse,
      dialect: dfuse === undefined ? undefined : 'dfuse',
      signal,
      onEvent,
      transferSizeBytes,
      maxBytes,
      totalBytes,
      force: force ?? (dfuse?.force === true ? 'memory' : undefined),
    });
    if (totalBytes !== undefined && bytes !== totalBytes) {
      const message = `expected ${totalBytes} bytes, the device sent ${bytes}`;
      onEvent({ type: 'note', message });
    }
    if (options.reset === true) await leave(session, { signal, onEvent });
  } finally {
    await session.close();
  }
}

interface Sink {
  readonly sink: UploadSink;
  finish(): Promise<void>;
  /** What was written so far is no upload: it goes. */
  discard(): Promise<void>;
}

/** Creates the file. Throws if it cannot be, with an exit code of its own. */
async function create(terminal: Terminal, path: string): Promise<Sink> {
  if (path === '-')
    return { sink: (chunk) => passOn(terminal.out, chunk), finish, discard: finish };
  try {
    const file = await open(path, 'wx');
    const remove = (): void => unlinkSync(path);
    // Also if the program is ended in the middle: nobody shall take half an upload for a whole one.
    const forget = terminal.onExit(remove);
    return {
      sink: (chunk) => file.appendFile(chunk).catch(cannotWrite),
      async finish() {
        await file.close().catch(cannotWrite);
        forget();
      },
      async discard() {
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

function cannotWrite(cause: unknown): never {
  throw new DfuError('IO', `cannot write the file: ${systemWords(cause)}`, { cause });
}

async function passOn(out: Output, chunk: Uint8Array): Promise<void> {
  if (!out.write(chunk)) await once(out, 'drain');
}
