import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { splitSuffix } from '../dfu/index.ts';
import type { FileWithSuffix } from '../dfu/index.ts';
import { connect, download, leave } from '../host/index.ts';
import type { DownloadEnding } from '../host/index.ts';
import { ExitCode } from './exit-codes.ts';
import { wholeNumber } from './numbers.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { addOpenOptions, selectionOf } from './select.ts';
import type { OpenOptions } from './select.ts';

interface DownloadCommand extends OpenOptions {
  readonly reset?: true;
  readonly transferSize?: number;
  readonly force?: true;
}

/** EX_TEMPFAIL: everything was sent, and nothing says that it runs. */
const UNCONFIRMED = 75;

/** `dfukit download FILE`. */
export function command(): Command {
  return addOpenOptions(new Command('download'))
    .description('write a file into a device (- for standard input)')
    .argument('<file>', 'with or without DFU suffix')
    .option('-R, --reset', 'afterwards, ask the device to leave DFU mode')
    .option(
      '-t, --transfer-size <bytes>',
      'bytes in a block, instead of what the device says',
      wholeNumber('--transfer-size', [1, 65535]),
    )
    .option('--force', "send it though the file's suffix or the device's descriptor forbids it")
    .action(run);
}

async function run(path: string, options: DownloadCommand): Promise<void> {
  const file = await read(path);
  if (file === undefined) return;
  const { payload, suffix, problem } = splitSuffix(file);
  await runOnBus(options, async (around) => {
    if (problem !== undefined) {
      around.onEvent({ type: 'note', message: `${problem.message}; sent as it is` });
    }
    const { ending } = await send({ payload, suffix }, options, around);
    if (ending === 'unconfirmed') process.exitCode = UNCONFIRMED;
  });
}

async function send(
  { payload, suffix }: Pick<FileWithSuffix, 'payload' | 'suffix'>,
  options: DownloadCommand,
  { bus, clock, signal, onEvent }: Surroundings,
): Promise<DownloadEnding> {
  const { wait, force, detachDelay: returnMs, timeout: transferMs, transferSize } = options;
  const selection = selectionOf(options);
  const session = await connect(bus, {
    clock,
    signal,
    onEvent,
    selection,
    suffix,
    wait,
    force,
    returnMs,
    transferMs,
  });
  try {
    const terms = { signal, onEvent, transferSizeBytes: transferSize, force };
    const result = await download(session, payload, terms);
    if (options.reset === true) await leave(session, { signal, onEvent });
    return result;
  } finally {
    await session.close();
  }
}

/** The file's bytes; without them the reason is told and the exit code set. */
async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    return path === '-' ? await readAll(process.stdin) : await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`dfukit: cannot read ${path}: ${reason}\n`);
    process.exitCode = ExitCode.noInput;
    return undefined;
  }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks);
}
