import { styleText } from 'node:util';
import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { timerClock } from '../../usb/index.ts';
import { openBuses } from '../host/bus.ts';
import { busOption } from '../host/select.ts';
import { addExamples } from '../shared/examples.ts';
import { ExitCode, answering } from '../shared/exit-codes.ts';
import { interruptible } from '../shared/signals.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { examineNative, examineServer } from './examine.ts';
import type { Finding } from './finding.ts';
import { nodeSystem } from './node-system.ts';
import type { System } from './system.ts';
import { findingAsJson, findingLines } from './text.ts';
import type { Paint } from './text.ts';

interface DoctorOptions {
  readonly bus: readonly string[];
  readonly json?: true | undefined;
  readonly report?: string | undefined;
  readonly withTrace?: string | undefined;
  readonly withSerials?: true | undefined;
}

const help = `
Exit code 0: whatever DFU device there is can be used; 1: something stands in
the way. What each [problem] means is in docs/doctor.md.`;

/** `dfukit doctor`. */
export function command(terminal: Terminal): Command {
  const made = new Command('doctor')
    .description('say which DFU devices can be used; why one cannot, and how to mend it here')
    .addOption(busOption())
    .option('--json', 'one JSON object a finding')
    .option(
      '--report <file>',
      'write descriptors, states and versions into one file for the maintainers, serial numbers masked',
    )
    .option('--with-trace <file>', 'in the report: the trace of what failed, without its firmware')
    .option('--with-serials', 'in the report: serial numbers as they are')
    .addHelpText('after', help)
    .action(answering((options: DoctorOptions) => doctor(terminal, options)));
  return addExamples(
    made,
    'dfukit doctor',
    'dfukit doctor --json',
    'dfukit doctor --report report.ndjson --with-trace failed.ndjson',
    'dfukit doctor --bus usbip://127.0.0.1',
  );
}

/** Of several buses it is said which: in front of the port, as `list` has it, or of the sentence. */
function atStation(finding: Finding, station: string): Finding {
  const { device, message } = finding;
  if (device !== undefined) {
    return { ...finding, device: { ...device, path: `${station}/${device.path}` } };
  }
  return message.startsWith(station) ? finding : { ...finding, message: `${station}: ${message}` };
}

/** Runs it on a system; the answer is the exit code. */
export async function doctor(
  terminal: Terminal,
  options: DoctorOptions,
  system: System = nodeSystem(),
): Promise<number> {
  const { bus, json } = options;
  if (options.report === undefined && (options.withTrace ?? options.withSerials) !== undefined) {
    throw new DfuError('INVALID_ARGUMENT', '--with-trace and --with-serials are for --report FILE');
  }
  const findings = await interruptible(terminal, async (signal) => {
    const clock = timerClock(globalThis);
    const each = bus.map(async (name) => {
      const opening = { clock, signal, open: () => openBuses([name], clock, () => {}) };
      const isNative = name === 'native';
      const found = await (isNative
        ? examineNative(system, opening)
        : examineServer(name, opening));
      return bus.length === 1 ? found : found.map((finding) => atStation(finding, name));
    });
    return (await Promise.all(each)).flat();
  });
  const paint: Paint = (style, text) => styleText(style, text, { stream: terminal.out });
  for (const finding of findings) {
    if (json === true) writeJson(terminal.out, findingAsJson(finding));
    else terminal.out.write(`${findingLines(finding, paint).join('\n')}\n`);
  }
  if (options.report !== undefined) await report(terminal, options, findings);
  return findings.some(isBad) ? ExitCode.no : ExitCode.ok;
}

async function report(
  terminal: Terminal,
  { bus: names, json, report: path = '', withTrace, withSerials }: DoctorOptions,
  findings: readonly Finding[],
): Promise<void> {
  const { writeReport } = await import('./report.ts');
  await interruptible(terminal, async (signal) => {
    const clock = timerClock(globalThis);
    const bus = await openBuses(names, clock, () => {}).catch(noBus);
    try {
      const parts = { bus, clock, signal, findings, trace: withTrace, withSerials };
      await writeReport(terminal, path, parts);
    } finally {
      await bus?.close();
    }
  });
  if (json === true) writeJson(terminal.out, { type: 'report', path });
  else
    terminal.out.write(`report: ${path}${withSerials === true ? '' : ', serial numbers masked'}\n`);
}

/** What is wrong with the bus, the findings say. */
function noBus(error: unknown): undefined {
  if (!DfuError.is(error)) throw error;
  return undefined;
}

function isBad({ level }: Finding): boolean {
  return level === 'problem';
}
