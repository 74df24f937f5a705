import { ExitCode } from '../shared/exit-codes.ts';
import { getopt } from '../shared/getopt.ts';
import type { GetoptWords } from '../shared/getopt.ts';
import type { Terminal } from '../shared/terminal.ts';
import { build, deviceOf } from './dfuse-build.ts';
import type { Ingredients } from './dfuse-build.ts';
import { show } from './dfuse-show.ts';
import { pythonInt } from './python-int.ts';
import { toEnd, ToolEnd } from './tool.ts';

const USAGE = `Usage:
dfuse-pack [-d|--dump] infile.dfu
dfuse-pack {-b|--build} address:file.bin [-b address:file.bin ...] [{-D|--device}=vendor:device] outfile.dfu
dfuse-pack {-s|--build-s19} file.s19 [{-D|--device}=vendor:device] outfile.dfu
dfuse-pack {-i|--build-ihex} file.hex [-i file.hex ...] [{-D|--device}=vendor:device] outfile.dfu
`;

const HELP = `${USAGE}
Options:
  -h, --help            this text
  -b, --build=A[@N]:F   put the binary F in at address A, for alternate N
  -i, --build-ihex=F    put in what an Intel HEX file has
  -s, --build-s19=F     put in what a file of S-records has
  -D, --device=V:P      for this device (0x0483:0xdf11)
  -a, --alt-intf=N      for this alternate, where -b says none (0)
  -d, --dump            write what is inside into files here

Examples:
  dfukit dfuse-pack -b 0x08000000:app.bin app.dfu
`;

const options = [
  { key: 'help', short: 'h', long: ['help', 'help-all'] },
  { key: 'binary', short: 'b', long: ['build'], takesValue: true },
  { key: 'hex', short: 'i', long: ['build-ihex'], takesValue: true },
  { key: 's19', short: 's', long: ['build-s19'], takesValue: true },
  { key: 'device', short: 'D', long: ['device'], takesValue: true },
  { key: 'alternate', short: 'a', long: ['alt-intf'], takesValue: true },
  { key: 'dump', short: 'd', long: ['dump'] },
];

/** As Python's optparse has them. */
const optparse: GetoptWords = {
  unknown: (name) => `no such option: ${name}`,
  ambiguous: (name, possible) =>
    `ambiguous option: ${name} (${possible.toSorted((one, other) => (one < other ? -1 : 1)).join(', ')}?)`,
  takesNone: (name) => `${name} option does not take a value`,
  needsOne: (name) => `${name} option requires 1 argument`,
};

/** What optparse ends with. */
const WRONG_OPTION = 2;

/** `dfukit dfuse-pack`, with the command line of the program of that name. */
export function run(args: readonly string[], terminal: Terminal): Promise<number> {
  return toEnd(() => work(terminal, args));
}

async function work(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { out, err } = terminal;
  const ingredients: { is: 'binary' | 'hex' | 's19'; text: string }[] = [];
  const operands: string[] = [];
  let [device, alternate, dumps] = ['0x0483:0xdf11', '0', false];
  for (const item of getopt(args, options, optparse)) {
    if (item.is === 'fault') {
      err.write(`${USAGE}\ndfuse-pack: error: ${item.message}\n`);
      return WRONG_OPTION;
    }
    if (item.is === 'operand') {
      operands.push(item.value);
      continue;
    }
    const { key, value } = item;
    if (key === 'help') {
      out.write(HELP);
      return ExitCode.ok;
    }
    if (key === 'device') device = value;
    else if (key === 'alternate') alternate = value;
    else if (key === 'dump') dumps = true;
    else ingredients.push({ is: key as 'binary' | 'hex' | 's19', text: value });
  }
  const [path] = operands;
  const say = (text: string): void => void out.write(`${text}\n`);
  if (path === undefined || operands.length > 1) {
    out.write(HELP);
    return ExitCode.no;
  }
  const defaultAlternate = pythonInt(alternate, 10);
  if (defaultAlternate === undefined) {
    say(`Alternate interface option argument ${alternate} invalid.`);
    throw new ToolEnd(ExitCode.no);
  }
  const tool = { terminal, say };
  if (ingredients.length === 0) return show(tool, path, dumps);
  const wanted: Ingredients = { ingredients, defaultAlternate, device: deviceOf(tool, device) };
  return build(tool, wanted, path);
}
