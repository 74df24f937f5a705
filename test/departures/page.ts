import { RIOTBOOT, STM32_ROM, USBD_DFU, USBD_DFU_RT, ZEPHYR } from '../../src/device/index.ts';
import type { Deviation } from '../../src/device/index.ts';
import type { Departure, Original } from './original.ts';
import { originals } from './table.ts';

const HEAD = `# Where dfukit departs from what it is like

What is like another program here is replayed against recordings of that program. Where the two differ on purpose, the
difference has a row below: a test shows it or a recording meets it, and any other difference fails the tests. They write
this page, too (\`npx vitest run test/departures -u\`).
`;

const PROFILES = `
## What the profiles keep

A profile answers as its original does, also where that one departs from DFU 1.1. Those are no departures of this package;
they are what the profile is for.
`;

/** The profiles that answer as a real device does. */
const profiles = [RIOTBOOT, ZEPHYR, USBD_DFU_RT, STM32_ROM, USBD_DFU];

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function rowsOf(
  name: string,
  departures: Original['departures'],
  elsewhere: NonNullable<Departure['only']>,
): readonly (readonly string[])[] {
  const rows = Object.entries<Departure>(departures).filter(([, { only }]) => only !== elsewhere);
  return rows.map(([id, { original, here, why }]) => [`\`${name}/${id}\``, original, here, why]);
}

function section(name: string, { title, about, departures }: Original): string {
  const rows = rowsOf(name, departures, 'drop-in');
  const body = rows.length === 0 ? 'None is known.' : table(['', 'there', 'here', 'why'], rows);
  return `\n## ${title}\n\n${about}\n\n${body}\n`;
}

function kept(name: string, deviations: readonly Deviation[]): string {
  const rows = deviations.map((each) => [each.name, each.why]);
  return `\n### ${name}\n\n${table(['', 'why, and where it was seen'], rows)}\n`;
}

/** docs/departures.md, as it should be. */
export function departuresPage(): string {
  return [
    HEAD,
    ...Object.entries<Original>(originals).map(([name, each]) => section(name, each)),
    PROFILES,
    ...profiles.map(({ name, deviations }) => kept(name, deviations)),
  ].join('');
}

const DFU_UTIL_HEAD = `# dfu-util's command line

\`dfukit dfu-util …\` has the command line of dfu-util 0.11: every option, long and short, in clusters, with \`=\` and cut
short; its list line, progress bar, milestones and exit codes, which other programs look for. What carries it out is the
same as behind \`download\`, \`upload\` and \`detach\`, and [ends as they do](endings.md), in its own exit codes.

\`\`\`sh
npx dfukit dfu-util --version
npx dfukit dfu-util --help
npx dfukit dfu-util -l
\`\`\`

\`--bus\` and \`DFUKIT_BUS\` say where devices are, as for the other commands: on the machine's own USB, or at a USB/IP server, which
may be a virtual board.

## Under the real names

Nothing is called \`dfu-util\` unless you ask for it. This writes \`dfu-util\`, \`dfu-suffix\`, \`dfu-prefix\` and \`dfuse-pack\` into a folder
of your own, small scripts that start this dfukit (\`.cmd\` files on Windows), and says what to put into PATH:

\`\`\`sh
npx dfukit install-shims ./shims
./shims/dfu-util --version
\`\`\`

What stands there under one of these names and was not made by dfukit is left as it is, and where the system keeps its own programs
none is written; \`--force\` does both. Files that were made by an older dfukit are replaced.

## Exit codes

| exit code | as dfu-util has it |
| --- | --- |
| 0 | done |
| 64 | the command line says nothing, or what it asks for does not fit the device or the file |
| 65 | the file is damaged, or has nothing for the device |
| 66 | the file cannot be read |
| 73 | the file of an upload is there already, or cannot be made |
| 74 | no device, or several; the device or the bus has failed; what became of the data is not known |
| 76 | the device is in a state that it may not be in |
| 130 | stopped by Ctrl-C |
`;

const DFU_UTIL_ROWS = `
## What differs

The same command lines go to both programs in the tests, without a device and on a real Linux kernel with virtual boards: output, exit
code, files and flash are compared. What they may differ in stands here, and a difference that does not fails; the tests write this page.

`;

/** docs/dfu-util.md, as it should be. */
export function dfuUtilPage(): string {
  const rows = rowsOf('dfu-util', originals['dfu-util'].departures, 'commands');
  const own = table(['', 'dfu-util', 'dfukit dfu-util', 'why'], rows);
  const tools = section('dfu-tools', originals['dfu-tools']);
  return `${DFU_UTIL_HEAD}${DFU_UTIL_ROWS}${own}\n${tools}`;
}
