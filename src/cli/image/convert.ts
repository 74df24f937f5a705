import { Command, Option } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import {
  inputFormats,
  outputFormats,
  rangeText,
  readContents,
  writeContents,
} from '../../image/index.ts';
import type { FileContents, InputFormat, OutputFormat } from '../../image/index.ts';
import { parseUsbId } from '../../usb/index.ts';
import { addExamples } from '../shared/examples.ts';
import { answering, ExitCode } from '../shared/exit-codes.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { passOn } from '../shared/pass-on.ts';
import { readInput } from '../shared/read-input.ts';
import { remediesNamed } from '../shared/remedies.ts';
import { warn, writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit image convert`. */
interface ConvertOptions {
  readonly from?: InputFormat | undefined;
  readonly to?: OutputFormat | undefined;
  readonly address?: number | undefined;
  readonly fill?: number | undefined;
  readonly alternate?: number | undefined;
  readonly part?: string | undefined;
  readonly family?: number | undefined;
  readonly device?: { readonly idVendor: number; readonly idProduct: number } | undefined;
  readonly json?: true | undefined;
}

/** What the ends of names say. */
const byName: readonly (readonly [RegExp, OutputFormat])[] = [
  [/\.bin$/i, 'bin'],
  [/\.(?:hex|ihex|ihx)$/i, 'hex'],
  [/\.(?:srec|mot|s)$/i, 'srec'],
  [/\.s19$/i, 's19'],
  [/\.s28$/i, 's28'],
  [/\.s37$/i, 's37'],
  [/\.uf2$/i, 'uf2'],
];

const WORD = 0xffffffff;

/** `dfukit image convert IN OUT`. */
export function convertCommand(terminal: Terminal): Command {
  const made = new Command('convert')
    .description('write the firmware of one file in the format of another')
    .argument(
      '<in>',
      'binary, DfuSe, Intel HEX, S-record, UF2, ELF; with DFU suffix or without; - for standard input',
    )
    .argument('<out>', 'replaced if it is there; - for standard output')
    .addOption(new Option('--from <format>', 'default: what it is').choices(inputFormats))
    .addOption(
      new Option('--to <format>', "default: by OUT's name; .dfu is dfuse with addresses").choices(
        outputFormats,
      ),
    )
    .option(
      '--address <n>',
      'where IN belongs, if it does not say so itself',
      wholeNumber('--address', [0, WORD]),
    )
    .option(
      '--fill <byte>',
      'for gaps, in formats that have none (0xff)',
      wholeNumber('--fill', [0, 255]),
    )
    .option(
      '--alternate <n>',
      'of a DfuSe file: which alternate setting',
      wholeNumber('--alternate', [0, 255]),
    )
    .option('--part <family>', 'of a UF2 file for several chips the family, by name or number')
    .option('--family <n>', 'of UF2: the number of its family', wholeNumber('--family', [0, WORD]))
    .option('--device <vid:pid>', 'of a suffix: which device it is for', (text) =>
      parseUsbId(text, '--device'),
    )
    .option('--json', 'say what was written as JSON')
    .action(
      answering((input: string, output: string, options: ConvertOptions) =>
        convert(terminal, [input, output], options),
      ),
    );
  return addExamples(
    made,
    'dfukit image convert app.elf app.hex',
    'dfukit image convert app.bin app.uf2 --address 0x10000000 --family 0xe48bff56',
    'dfukit image convert app.hex app.dfu --device 0483:df11',
    'dfukit image convert app.dfu - --to bin | sha256sum',
  );
}

function hasAddresses({ parts }: FileContents): boolean {
  return parts.every(({ pieces }) => pieces.every(({ address }) => address !== undefined));
}

/** Throws `INVALID_ARGUMENT` where nothing says in what format. */
function formatOf(
  path: string,
  contents: FileContents,
  to: OutputFormat | undefined,
): OutputFormat {
  if (to !== undefined) return to;
  if (/\.dfu$/i.test(path)) return hasAddresses(contents) ? 'dfuse' : 'dfu';
  const found = byName.find(([pattern]) => pattern.test(path));
  if (found !== undefined) return found[1];
  const message = `nothing says in what format ${path} is to be: --to ${outputFormats.join(', ')}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

async function convert(
  terminal: Terminal,
  [input, output]: readonly [string, string],
  options: ConvertOptions,
): Promise<number> {
  const { from: format, address, part: family, alternate, fill: filler, device } = options;
  const file = await readInput(terminal, input);
  try {
    const contents = readContents(file, { format, address, family, alternate });
    const to = formatOf(output, contents, options.to);
    const suffix = device;
    const bytes = writeContents(contents, to, {
      filler,
      suffix,
      family: options.family,
      alternate,
    });
    if (output === '-') await passOn(terminal.out, bytes);
    else await terminal.files.write(output, bytes);
    tell(terminal, { output, to, contents, bytes, json: options.json === true });
    return ExitCode.ok;
  } catch (error) {
    throw remediesNamed(error, names);
  }
}

const names = {
  address: '--address, e.g. --address 0x08000000',
  alternate: '--alternate',
  family: '--part FAMILY',
} as const;

interface Told {
  readonly output: string;
  readonly to: OutputFormat;
  readonly contents: FileContents;
  readonly bytes: Uint8Array;
  readonly json: boolean;
}

/** What was written: its pieces, and what of the other file is not in it. */
function tell(terminal: Terminal, { output, to, contents, bytes, json }: Told): void {
  const { format, parts, prefix } = contents;
  const out = output === '-' ? terminal.err : terminal.out;
  if (json) {
    const pieces = parts.flatMap(({ alternate, pieces: all }) =>
      all.map((each) => ({ alternate, address: each.address, sizeBytes: each.bytes.length })),
    );
    writeJson(out, { type: 'converted', from: format, to, sizeBytes: bytes.length, pieces });
    return;
  }
  for (const { alternate, pieces } of parts) {
    const whose = alternate === undefined ? '' : `alternate ${alternate}: `;
    for (const { address, bytes: piece } of pieces) {
      const where =
        address === undefined ? `${piece.length} bytes` : rangeText({ address, bytes: piece });
      out.write(`${whose}${where}\n`);
    }
  }
  out.write(`${output}: ${to}, ${bytes.length} bytes\n`);
  if (prefix !== undefined) {
    warn(terminal, `dfukit: a ${prefix.kind} prefix of ${prefix.sizeBytes} bytes was taken off`);
  }
}
