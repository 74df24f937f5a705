import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { sendPlan, sendTo } from '../../host/index.ts';
import type { DfuSeModifiers, SendOptions, SendPlan } from '../../host/index.ts';
import { ExitCode, answering, cannot } from '../shared/exit-codes.ts';
import { wholeNumber } from '../shared/numbers.ts';
import type { Terminal } from '../shared/terminal.ts';
import { withOptionNames } from './option-names.ts';
import { runOnBus } from './run-on-bus.ts';
import { addDfuSeOption, addOpenOptions, selectionOf } from './select.ts';
import type { OpenOptions } from './select.ts';

interface DownloadCommand extends OpenOptions {
  readonly reset?: true | undefined;
  readonly transferSize?: number | undefined;
  readonly force?: true | undefined;
  readonly raw?: true | undefined;
  readonly dfuseAddress?: DfuSeModifiers | undefined;
}

/** `dfukit download FILE`. */
export function command(terminal: Terminal): Command {
  return addDfuSeOption(addOpenOptions(new Command('download')))
    .description('write a file into a device (- for standard input)')
    .argument(
      '[file]',
      'binary, DfuSe, Intel HEX, S-record, UF2 or ELF file, with or without DFU suffix; may be left out with -s',
    )
    .option('-R, --reset', 'afterwards, ask the device to leave DFU mode')
    .option(
      '-t, --transfer-size <bytes>',
      'bytes in a block, instead of what the device says',
      wholeNumber('--transfer-size', [1, 65535]),
    )
    .option('--raw', 'send an Intel HEX, S-record, UF2, ELF, zip or PEM file as it is')
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
  const plan = planOf(file, sendOptions(options));
  return runOnBus(terminal, options, async (around) => {
    const selection = selectionOf(options);
    const terms = { ...around, selection, wait, detach, returnMs, transferMs };
    const { ending } = await sendTo(around.bus, plan, terms);
    return ending === 'unconfirmed' ? ExitCode.unconfirmed : ExitCode.ok;
  });
}

/** Before any device is looked for: what cannot be sent is said with the option that helps. */
function planOf(file: Uint8Array | undefined, options: SendOptions): SendPlan {
  try {
    return sendPlan(file, options);
  } catch (error) {
    throw withOptionNames(error);
  }
}

/** -s means DfuSe, and its own `force` the memory alone. */
function sendOptions({ dfuseAddress, transferSize, force, raw }: DownloadCommand): SendOptions {
  return {
    ...dfuseAddress,
    dialect: dfuseAddress === undefined ? undefined : 'dfuse',
    transferSizeBytes: transferSize,
    raw,
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
