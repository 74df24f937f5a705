import { appendSuffix } from '../../dfu/index.ts';
import type { Suffix } from '../../dfu/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import { readJob } from './one-job.ts';
import type { Job } from './one-job.ts';
import { showSuffix, suffixOf } from './suffix-words.ts';
import { begin, readFile, replaceFile, toEnd, ToolEnd, usage } from './tool.ts';
import type { Tool } from './tool.ts';

const HELP = `Usage: dfu-suffix [options] ...
  -h --help                 this text
  -V --version              the version
  -c --check <file>         show the suffix of a file
  -a --add <file>           put a suffix behind a file
  -D --delete <file>        take the suffix off a file
  -p --pid <productID>      with -a: for this product, in hex; else for any
  -v --vid <vendorID>       with -a: of this vendor, in hex; else of any
  -d --did <deviceID>       with -a: this release of the firmware, in hex
  -S --spec <specID>        with -a: 0100 (default), 0110 or 011a (DfuSe)

Examples:
  dfukit dfu-suffix -v 1209 -p 7d00 -a firmware.bin
  dfukit dfu-suffix -c firmware.bin
`;

const options = [
  { key: 'idProduct', short: 'p', long: ['pid'], takesValue: true },
  { key: 'idVendor', short: 'v', long: ['vid'], takesValue: true },
  { key: 'bcdDevice', short: 'd', long: ['did'], takesValue: true },
  { key: 'bcdDFU', short: 'S', long: ['spec'], takesValue: true },
];

/** What DFU files say that they are: DFU 1.0, 1.1, DfuSe. */
const SPECIFICATIONS: ReadonlySet<number> = new Set([0x0100, 0x0110, 0x011a]);

/** Up to four digits, as all these ids have. */
function idOf(tool: Tool, text: string): number {
  if (/^(?:0x)?[0-9a-f]{1,4}$/i.test(text)) return Number.parseInt(text, 16);
  tool.complain(`expected up to 4 hexadecimal digits, got "${text}"`);
  return usage(tool, HELP);
}

function specificationOf(tool: Tool, text: string): number {
  const value = idOf(tool, text);
  if (SPECIFICATIONS.has(value)) return value;
  tool.terminal.err.write('Only DFU specification 0x0100, 0x0110 and 0x011a supported\n');
  return usage(tool, HELP);
}

/** `dfukit dfu-suffix`, with the command line of the program of that name. */
export function run(args: readonly string[], terminal: Terminal): Promise<number> {
  return toEnd(() => work(begin('dfu-suffix', terminal), args));
}

async function work(tool: Tool, args: readonly string[]): Promise<number> {
  const suffix = { bcdDevice: 0xffff, idProduct: 0xffff, idVendor: 0xffff, bcdDFU: 0x0100 };
  const take = (key: string, value: string): void => {
    if (key === 'bcdDFU') suffix.bcdDFU = specificationOf(tool, value);
    else suffix[key as 'bcdDevice' | 'idProduct' | 'idVendor'] = idOf(tool, value);
  };
  const job = readJob(tool, args, { options, help: HELP, take });
  return job === undefined ? ExitCode.ok : doIt(tool, job, suffix);
}

async function doIt(tool: Tool, { mode, path }: Job, wanted: Suffix): Promise<number> {
  const file = readFile(tool, path);
  const found = suffixOf(file);
  if (found.isUnsupported) {
    tool.complain(found.why);
    return ExitCode.data;
  }
  if (mode === 'add') {
    if (found.suffix !== undefined) {
      tool.complain('Please remove existing DFU suffix before adding a new one.\n');
      return ExitCode.data;
    }
    await replaceFile(tool, path, appendSuffix(file, wanted));
    tool.say('Suffix successfully added to file');
    return ExitCode.ok;
  }
  if (found.suffix === undefined) {
    tool.complain(found.why);
    tool.complain('Valid DFU suffix needed');
    throw new ToolEnd(ExitCode.data);
  }
  if (mode === 'check') {
    showSuffix(tool, { path, file }, found);
    return ExitCode.ok;
  }
  await replaceFile(tool, path, found.payload);
  tool.say('Suffix successfully removed from file');
  return ExitCode.ok;
}
