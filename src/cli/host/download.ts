import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { sendPlan, sendTo } from '../../host/index.ts';
import type { DfuSeModifiers, SendOptions } from '../../host/index.ts';
import { ExitCode, answering, cannot } from '../shared/exit-codes.ts';
import { wholeNumber } from '../shared/numbers.ts';
import type { Terminal } from '../shared/terminal.ts';
import { runOnBus } from './run-on-bus.ts';
import { addDfuSeOption, addOpenOptions, selectionOf } from './select.ts';
import type { OpenOptions } from './select.ts';

interface DownloadCommand extends OpenOptions {
  readonly reset?: true | undefined;
  readonly transferSize?: number | undefined;
  readonly force?: true | undefined;
  readonly dfuseAddress?: DfuSeModifiers | undefined;
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
  const { wait, reset: detach, detachDelay: returnMs, timeout: transferMs } = options;
  const file = path === undefined ? undefined : await read(terminal, path);
  const plan = sendPlan(file, sendOptions(options));
  return runOnBus(terminal, options, async (around) => {
    const selection = selectionOf(options);
    const terms = { ...around, selection, wait, detach, returnMs, transferMs };
    const { ending } = await sendTo(around.bus, plan, terms);
    return ending === 'unconfirmed' ? ExitCode.unconfirmed : ExitCode.ok;
  });
}

/** -s means DfuSe, and its own `force` the memory alone. */
function sendOptions({ dfuseAddress, transferSize, force }: DownloadCommand): SendOptions {
  return {
    ...dfuseAddress,
    dialect: dfuseAddress === undefined ? undefined : 'dfuse',
    transferSizeBytes: transferSize,
    force: force ?? (dfuseAddress?.force === true ? 'memory' : undefined),
  };
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
