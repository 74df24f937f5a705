import { Command } from 'commander';
import { listLine, nothingThere, printable, scanElseAll, select } from '../../host/index.ts';
import type { DfuInterface, Scan, ScanProblem } from '../../host/index.ts';
import { addExamples } from '../shared/examples.ts';
import { ExitCode, answering } from '../shared/exit-codes.ts';
import { DOCTOR_HINT } from './doctor-hint.ts';
import { interfaceAsJson } from './json.ts';
import { quirkLines } from './quirk-options.ts';
import { runOnBus } from './run-on-bus.ts';
import { addDeviceOptions, selectionOf } from './select.ts';
import type { DeviceOptions } from './select.ts';
import { warn, writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** `dfukit list`. */
export function command(terminal: Terminal): Command {
  const made = addDeviceOptions(new Command('list'))
    .description('list DFU devices, one line an alternate setting, as dfu-util -l does')
    .option('--quirks', 'below each, what is known of it besides what it says')
    .action(answering((options: ListCommand) => list(terminal, options)));
  return addExamples(
    made,
    'dfukit list',
    'dfukit list -d 0483:df11 --json',
    'dfukit list --bus usbip://127.0.0.1                     a virtual board (board run)',
  );
}

/** What is there: what matches, and what else there is where nothing does. */
interface ListCommand extends DeviceOptions {
  readonly quirks?: true | undefined;
}

interface Listed extends Pick<Scan, 'problems'> {
  readonly entries: readonly DfuInterface[];
  readonly others: readonly DfuInterface[];
}

function list(terminal: Terminal, options: ListCommand): Promise<number> {
  return runOnBus(terminal, options, async ({ bus, clock, signal, quirks }) => {
    const selection = selectionOf(options);
    const terms = { clock, signal, selection, limits: options.timeout, quirks };
    const { entries: all, problems } = await scanElseAll(bus, terms);
    const entries = select(all, selection);
    const listed = { entries, others: entries.length === 0 ? all : [], problems };
    if (options.json === true) writeAsJson(terminal, listed);
    else writeAsText(terminal, listed, options);
    const isBroken = entries.length === 0 && problems.some(({ code }) => code === 'PROTOCOL');
    return isBroken ? ExitCode.protocol : ExitCode.ok;
  });
}

function writeAsJson({ out }: Terminal, { entries, problems }: Listed): void {
  for (const entry of entries) writeJson(out, { type: 'interface', ...interfaceAsJson(entry) });
  for (const { code, message, device } of problems) {
    const { id: deviceId, location } = device;
    writeJson(out, { type: 'problem', deviceId, location, code, message });
  }
}

function writeAsText(
  terminal: Terminal,
  { entries, others, problems }: Listed,
  { quirks, bus }: ListCommand,
): void {
  for (const entry of entries) {
    const lines = [listLine(entry), ...(quirks === true ? quirkLines(entry) : [])];
    for (const line of lines) terminal.out.write(`${line}\n`);
  }
  const say = (text: string): void => warn(terminal, `dfukit: ${text}`);
  for (const note of notesOf(entries)) say(`Warning: ${note}`);
  const forbidden = problems.filter(({ code }) => code === 'ACCESS');
  for (const { code, message } of problems.filter((each) => each.code !== 'ACCESS')) {
    say(code === 'TIMEOUT' ? `${message} (--timeout descriptors=SECONDS)` : message);
  }
  if (forbidden.length > 0) say(forbiddenLine(forbidden));
  if (entries.length > 0) return;
  if (others.length > 0) say(`No DFU interface matches; there is:${linesOf(others)}`);
  else say(nothingThere(problems));
  if (others.length === 0 && bus.includes('native')) say(DOCTOR_HINT);
}

/** What is wrong with a device, once, however many alternates it has. */
function notesOf(entries: readonly DfuInterface[]): readonly string[] {
  const notes = entries.flatMap((entry) =>
    entry.notes.map((note) => `${printable(entry.location.path)}: ${note}`),
  );
  return [...new Set(notes)];
}

/** The most lines that tell of what was not asked for. */
const MOST_OTHERS = 20;

function linesOf(others: readonly DfuInterface[]): string {
  const lines = others.slice(0, MOST_OTHERS).map((entry) => `\n  ${listLine(entry)}`);
  const more = others.length - lines.length;
  return lines.join('') + (more > 0 ? `\n  and ${more} more` : '');
}

/** Every keyboard is such a device to an ordinary user: one line for them all. */
function forbiddenLine(problems: readonly ScanProblem[]): string {
  const ids = problems.map(({ message }) => message.replace(/: .*$/s, ''));
  return `No permission to look into ${ids.join(', ')}`;
}
