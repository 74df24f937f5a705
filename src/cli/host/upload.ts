import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { connect, leave, receive, tellingThatItStays } from '../../host/index.ts';
import type { DfuInterface, UploadSink } from '../../host/index.ts';
import { addExamples } from '../shared/examples.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { rareOnes } from '../shared/rare-options.ts';
import type { Terminal } from '../shared/terminal.ts';
import { addUploadFormatOptions, demandFormat, formattedSink } from './format-options.ts';
import type { UploadFormatOptions } from './format-options.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { addTransferOptions, dialectOf, forceOf, selectionOf } from './select.ts';
import type { TransferOptions } from './select.ts';
import { uploadFile } from './upload-file.ts';

interface UploadCommand extends TransferOptions, UploadFormatOptions {
  readonly uploadSize?: number | undefined;
  readonly maxSize?: number | undefined;
}

/** Sizes that a file may have: all that a number says exactly. */
const anySize = [1, Number.MAX_SAFE_INTEGER] as const;

/** `dfukit upload FILE`. */
export function command(terminal: Terminal): Command {
  const made = addUploadFormatOptions(addTransferOptions(new Command('upload'), ['outside-layout']))
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
  return addExamples(
    rareOnes(made, '--max-size', '--address'),
    'dfukit upload copy.bin -d 1209:7d00,1209:7d02 -a 0',
    'dfukit upload copy.bin -s 0x08000000:0x4000             DfuSe: 16 KiB from there',
    'dfukit upload copy.hex --format hex -s 0x08000000:0x4000',
    'dfukit upload - --bus usbip://127.0.0.1 | sha256sum     a virtual board (board run)',
  );
}

async function run(terminal: Terminal, path: string, options: UploadCommand): Promise<void> {
  const dialect = dialectOf(options);
  const address = addressOf(options);
  demandFormat({ ...options, address });
  const output = await uploadFile(terminal, path);
  const formatted = formattedSink(output.sink, { ...options, address });
  const out = path === '-' ? terminal.err : terminal.out;
  try {
    await runOnBus(terminal, { ...options, out }, async (around) => {
      let from: DfuInterface | undefined;
      const opened = (entry: DfuInterface): void => void (from = entry);
      try {
        const wanted = { ...options, protocol: dialect, opened };
        await tellingThatItStays(around.onEvent, (onEvent) =>
          receiveFrom(formatted.sink, wanted, { ...around, onEvent }),
        );
        await formatted.finish(from);
        await output.finish();
      } catch (error) {
        await formatted.finish(from);
        throw await output.keep(error);
      }
    });
  } catch (error) {
    await output.discard();
    throw error;
  }
}

/** Throws `INVALID_ARGUMENT` for two addresses. */
function addressOf({ dfuseAddress, address }: UploadCommand): number | undefined {
  const said = dfuseAddress?.address;
  if (said === undefined || address === undefined || said === address) return said ?? address;
  throw new DfuError('INVALID_ARGUMENT', '-s and --address say two different addresses');
}

async function receiveFrom(
  sink: UploadSink,
  options: UploadCommand & { readonly opened: (entry: DfuInterface) => void },
  { bus, clock, signal, onEvent, quirks }: Surroundings,
): Promise<void> {
  const { wait, detachDelay: returnMs, timeout: limits, dfuseAddress, protocol } = options;
  const { transferSize: transferSizeBytes, maxSize: maxBytes, uploadSize: totalBytes } = options;
  const { busyLimit: busyLimitMs, pollTime: pollTimeMs, allow } = options;
  const selection = selectionOf(options);
  const terms = { clock, signal, onEvent, selection, wait, returnMs, limits, quirks };
  const session = await connect(bus, terms);
  options.opened(session.interface);
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
