import { Command } from 'commander';
import { DfuError, defined } from '../../bytes/index.ts';
import { isDfuSeFile, readDfuSeFile, splitSuffix } from '../../dfu/index.ts';
import type { DfuSeFile, FileWithSuffix } from '../../dfu/index.ts';
import {
  commandDfuSe,
  connect,
  download,
  downloadDfuSe,
  downloadDfuSeFile,
  leave,
  speaksDfuSe,
} from '../../host/index.ts';
import type { DfuSeModifiers, DfuSession, DownloadEnding } from '../../host/index.ts';
import { ExitCode, answering, cannot } from '../shared/exit-codes.ts';
import { wholeNumber } from '../shared/numbers.ts';
import type { Terminal } from '../shared/terminal.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { addDfuSeOption, addOpenOptions, selectionOf } from './select.ts';
import type { OpenOptions } from './select.ts';

interface DownloadCommand extends OpenOptions {
  readonly reset?: true | undefined;
  readonly transferSize?: number | undefined;
  readonly force?: true | undefined;
  readonly dfuseAddress?: DfuSeModifiers | undefined;
}

/** What is sent: the bytes of a file, or the targets of a DfuSe file; nothing for commands alone. */
interface Content extends Partial<Pick<FileWithSuffix, 'payload' | 'suffix'>> {
  readonly dfuse?: DfuSeFile | undefined;
}

/** `dfukit download FILE`. */
export function command(terminal: Terminal): Command {
  return addDfuSeOption(addOpenOptions(new Command('download')))
    .description('write a file into a device (- for standard input)')
    .argument('[file]', 'with or without DFU suffix, or a DfuSe file; may be left out with -s')
    .option('-R, --reset', 'afterwards, ask the device to leave DFU mode')
    .option(
      '-t, --transfer-size <bytes>',
      'bytes in a block, instead of what the device says',
      wholeNumber('--transfer-size', [1, 65535]),
    )
    .option('--force', "send it though the file's suffix or the device's descriptor forbids it")
    .action(
      answering((path: string | undefined, options: DownloadCommand) =>
        run(terminal, path, options),
      ),
    );
}

async function run(
  terminal: Terminal,
  path: string | undefined,
  options: DownloadCommand,
): Promise<number> {
  if (path === undefined && options.dfuseAddress === undefined) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      "missing required argument 'file'; only -s with commands needs none",
    );
  }
  const file = path === undefined ? undefined : await read(terminal, path);
  const dfuse = file !== undefined && isDfuSeFile(file) ? readDfuSeFile(file) : undefined;
  const split = file === undefined || dfuse !== undefined ? undefined : splitSuffix(file);
  return runOnBus(terminal, options, async (around) => {
    if (split?.problem !== undefined) {
      around.onEvent({ type: 'note', message: `${split.problem.message}; sent as it is` });
    }
    const content: Content = dfuse === undefined ? { ...split } : { dfuse, suffix: dfuse.suffix };
    const { ending } = await send(content, options, around);
    return ending === 'unconfirmed' ? ExitCode.unconfirmed : ExitCode.ok;
  });
}

async function send(
  content: Content,
  options: DownloadCommand,
  { bus, clock, signal, onEvent }: Surroundings,
): Promise<Pick<DownloadEnding, 'ending'>> {
  const { wait, force, detachDelay: returnMs, timeout: transferMs } = options;
  const selection = selectionOf(options);
  const session = await connect(bus, {
    clock,
    signal,
    onEvent,
    selection,
    suffix: content.suffix,
    // A DfuSe file says itself which alternates it is for.
    anyAlternate: content.dfuse !== undefined && selection.alternate === undefined,
    wait,
    force,
    returnMs,
    transferMs,
  });
  try {
    const result = await transfer(session, content, { options, signal, onEvent });
    if (options.reset === true) await leave(session, { signal, onEvent });
    return result;
  } finally {
    await session.close();
  }
}

interface Terms extends Pick<Surroundings, 'signal' | 'onEvent'> {
  readonly options: DownloadCommand;
}

/** In the dialect that is meant: DfuSe for -s, a DfuSe file, or a device that speaks it. */
function transfer(
  session: DfuSession,
  { payload, dfuse }: Content,
  { options, signal, onEvent }: Terms,
): Promise<Pick<DownloadEnding, 'ending'>> {
  const { force, transferSize: transferSizeBytes, dfuseAddress } = options;
  const terms = { signal, onEvent, transferSizeBytes };
  const words = { ...terms, ...dfuseAddress, ...defined({ force }) };
  if (dfuse !== undefined) return downloadDfuSeFile(session, dfuse.targets, words);
  if (payload === undefined) return commandDfuSe(session, words);
  const address = dfuseAddress?.address;
  if (address !== undefined) return downloadDfuSe(session, [{ address, data: payload }], words);
  if (dfuseAddress !== undefined || speaksDfuSe(session.interface)) {
    const what = 'the device speaks DfuSe, and the file does not say where it belongs';
    throw new DfuError('INVALID_ARGUMENT', `${what}: say it with -s, e.g. -s 0x08000000`);
  }
  return download(session, payload, { ...terms, force });
}

/** The file's bytes. Throws where they cannot be read, with an exit code of its own. */
async function read(terminal: Terminal, path: string): Promise<Uint8Array> {
  try {
    return path === '-' ? await readAll(terminal.in) : terminal.files.read(path);
  } catch (error) {
    throw cannot(`read ${path}`, DfuError.is(error) ? error.cause : error, ExitCode.noInput);
  }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks);
}
