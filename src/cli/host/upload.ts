import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { connect, leave, speaksDfuSe, upload, uploadDfuSe } from '../../host/index.ts';
import type { DfuSeModifiers, UploadSink } from '../../host/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { addDfuSeOption, addOpenOptions, selectionOf } from './select.ts';
import type { OpenOptions } from './select.ts';

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
export function command(): Command {
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
    .action(run);
}

async function run(path: string, options: UploadCommand): Promise<void> {
  const output = await create(path);
  if (output === undefined) return;
  const out = path === '-' ? process.stderr : process.stdout;
  try {
    await runOnBus({ ...options, out }, async (around) => {
      await receive(output.sink, options, around);
      await output.finish();
    });
  } catch (error) {
    await output.discard();
    throw error;
  }
}

async function receive(
  sink: UploadSink,
  options: UploadCommand,
  { bus, clock, signal, onEvent }: Surroundings,
): Promise<void> {
  const { wait, force, detachDelay: returnMs, timeout: transferMs } = options;
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
    const terms = { signal, onEvent, transferSizeBytes, maxBytes, totalBytes, force };
    const dfuse = options.dfuseAddress ?? (speaksDfuSe(session.interface) ? {} : undefined);
    const words = { signal, onEvent, transferSizeBytes, ...dfuse };
    const { bytes } =
      dfuse === undefined
        ? await upload(session, sink, terms)
        : await uploadDfuSe(session, sink, { ...words, ...(force === true && { force }) });
    if (totalBytes !== undefined && bytes !== totalBytes) {
      const message = `expected ${totalBytes} bytes, the device sent ${bytes}`;
      onEvent({ type: 'note', message });
    }
    if (options.reset === true) await leave(session, { signal, onEvent });
  } finally {
    await session.close();
  }
}

interface Output {
  readonly sink: UploadSink;
  finish(): Promise<void>;
  /** What was written so far is no upload: it goes. */
  discard(): Promise<void>;
}

/** Creates the file; if it cannot be, the reason is told and the exit code set. */
async function create(path: string): Promise<Output | undefined> {
  if (path === '-') return { sink: toStandardOutput, finish, discard: finish };
  try {
    const file = await open(path, 'wx');
    const remove = (): void => unlinkSync(path);
    // Also if the program is ended in the middle: nobody shall take half an upload for a whole one.
    process.once('exit', remove);
    return {
      sink: (chunk) => file.appendFile(chunk).catch(cannotWrite),
      async finish() {
        await file.close().catch(cannotWrite);
        process.off('exit', remove);
      },
      async discard() {
        await file.close().catch(() => {});
        process.off('exit', remove);
        remove();
      },
    };
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const reason = exists ? 'it exists already' : (error as Error).message;
    process.stderr.write(`dfukit: cannot create ${path}: ${reason}\n`);
    process.exitCode = ExitCode.cannotCreate;
    return undefined;
  }
}

function finish(): Promise<void> {
  return Promise.resolve();
}

function cannotWrite(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new DfuError('IO', `cannot write the file: ${reason}`, { cause });
}

async function toStandardOutput(chunk: Uint8Array): Promise<void> {
  if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
}
