import { Option } from 'commander';
import type { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { memoryLayoutOf } from '../../host/index.ts';
import type { DfuInterface, UploadSink } from '../../host/index.ts';
import { inputFormats, outputFormats, writeContents } from '../../image/index.ts';
import type { InputFormat, OutputFormat } from '../../image/index.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { rareOnes } from '../shared/rare-options.ts';

/** What a file is that is sent. */
export interface DownloadFormatOptions {
  readonly raw?: true | undefined;
  readonly format?: InputFormat | undefined;
  readonly part?: string | undefined;
}

/** Adds `--raw`, `--format` and `--part` to a download. */
export function addDownloadFormatOptions(command: Command): Command {
  command
    .option('--raw', 'send an Intel HEX, S-record, UF2, ELF, zip or PEM file as it is')
    .addOption(
      new Option('--format <format>', 'what the file is, whatever it looks like').choices(
        inputFormats,
      ),
    )
    .option('--part <family>', 'of a UF2 file for several chips the family, by name or number');
  return rareOnes(command, '--raw', '--format', '--part');
}

/** What an upload is written in. */
export interface UploadFormatOptions {
  readonly format?: OutputFormat | undefined;
  readonly address?: number | undefined;
}

/** Adds `--format` and `--address` to an upload. */
export function addUploadFormatOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'of the file (default: bin, the bytes alone)').choices(
        outputFormats,
      ),
    )
    .option(
      '--address <n>',
      'with --format: where the bytes belong, where -s does not say it',
      wholeNumber('--address', [0, 0xffffffff]),
    );
}

/** An upload on its way into a format. */
interface FormattedSink {
  readonly sink: UploadSink;
  /** Writes all that has come, in its format. `entry`: the device that it came from, if one was found. */
  readonly finish: (entry: DfuInterface | undefined) => Promise<void>;
}

/** Whether a format says where bytes belong. */
function hasAddresses(format: OutputFormat): boolean {
  return format !== 'bin' && format !== 'dfu';
}

/**
 * Throws `INVALID_ARGUMENT` where a format needs an address and nobody says it: before any device is
 * asked.
 */
export function demandFormat({ format = 'bin', address }: UploadFormatOptions): void {
  if (!hasAddresses(format) || address !== undefined) return;
  const who = '-s ADDRESS of a DfuSe device, --address of another';
  throw new DfuError('INVALID_ARGUMENT', `--format ${format} says where bytes belong: ${who}`);
}

/** A sink that writes in a format; bytes alone go through as they come. */
export function formattedSink(
  sink: UploadSink,
  { format = 'bin', address }: UploadFormatOptions,
): FormattedSink {
  if (format === 'bin') return { sink, finish: () => Promise.resolve() };
  const chunks: Uint8Array[] = [];
  return {
    sink: (chunk) => void chunks.push(Uint8Array.from(chunk)),
    async finish(entry) {
      const bytes = new Uint8Array(Buffer.concat(chunks.splice(0)));
      if (bytes.length === 0) return;
      await sink(writeContents(contentsOf(bytes, entry, address), format));
    },
  };
}

function contentsOf(
  bytes: Uint8Array,
  entry: DfuInterface | undefined,
  address: number | undefined,
): Parameters<typeof writeContents>[0] {
  const name = entry === undefined ? undefined : memoryLayoutOf(entry)?.name.trim();
  const part = { alternate: entry?.alternate, name, pieces: [{ address, bytes }] };
  const suffix =
    entry === undefined
      ? undefined
      : {
          bcdDevice: 0xffff,
          idProduct: entry.idProduct,
          idVendor: entry.idVendor,
          bcdDFU: 0x0100,
        };
  return { format: 'bin', parts: [part], suffix, prefix: undefined };
}
