import { styleText } from 'node:util';
import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import { openBuses } from '../host/bus.ts';
import { busOption } from '../host/select.ts';
import { addTraceOptions } from '../host/trace-options.ts';
import type { TraceOptions } from '../host/trace-options.ts';
import type { TracedRun } from '../host/traced-run.ts';
import { addExamples } from '../shared/examples.ts';
import { ExitCode, answering } from '../shared/exit-codes.ts';
import { interruptible } from '../shared/signals.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { examineNative, examineServer } from './examine.ts';
import type { Opening } from './examine.ts';
import type { Finding } from './finding.ts';
import { nodeSystem } from './node-system.ts';
import type { System } from './system.ts';
import { findingAsJson, findingLines } from './text.ts';
import type { Paint } from './text.ts';

interface DoctorOptions extends TraceOptions {
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
    .option('--with-serials', 'in the report: serial numbers as they are');
  addTraceOptions(made)
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
  let run: TracedRun | undefined;
  const findings = await interruptible(terminal, async (signal) => {
    const clock = timerClock(globalThis);
    if ((options.trace ?? options.replay) === undefined) {
      const open = (name: string) => (): Promise<UsbBus> =>
        openBuses(terminal, [name], clock, () => {});
      const each = bus.map(async (name) => {
        const found = await examine(name, system, { clock, signal, open: open(name) });
        return bus.length === 1 ? found : found.map((finding) => atStation(finding, name));
      });
      return (await Promise.all(each)).flat();
    }
    const name = tracedName(options, system);
    run = await tracedOn(terminal, options, clock);
    const { bus: traced, fail } = run;
    try {
      return await examine(name, system, { clock, signal, open: () => Promise.resolve(traced) });
    } catch (error) {
      throw fail(error);
    }
  });
  const paint: Paint = (style, text) => styleText(style, text, { stream: terminal.out });
  for (const finding of findings) {
    if (json === true) writeJson(terminal.out, findingAsJson(finding));
    else terminal.out.write(`${findingLines(finding, paint).join('\n')}\n`);
  }
  run?.finish();
  if (options.report !== undefined) await report(terminal, options, findings);
  return findings.some(isBad) ? ExitCode.no : ExitCode.ok;
}

function examine(name: string, system: System, opening: Opening): Promise<Finding[]> {
  return name === 'native' ? examineNative(system, opening) : examineServer(name, opening);
}

async function tracedOn(
  terminal: Terminal,
  { bus, trace, replay }: DoctorOptions,
  clock: Clock,
): Promise<TracedRun> {
  const { tracedRun } = await import('../host/traced-run.ts');
  const open = (): Promise<UsbBus> => openBuses(terminal, bus, clock, () => {});
  return tracedRun(terminal, { trace, replay }, { clock, open });
}

/** Which bus is asked, one: a trace has the devices of one bus, and the doctor asks each by itself. */
function tracedName({ bus, replay }: DoctorOptions, system: System): string {
  if (replay !== undefined) return replay;
  const [name = '', ...more] = bus;
  if (more.length > 0) {
    throw new DfuError('INVALID_ARGUMENT', '--trace: doctor writes down one --bus at a time');
  }
  if (name !== 'native' || system.platform !== 'linux') return name;
  const message =
    '--trace: here doctor asks the kernel and opens no device; --report FILE reads them, and is a trace';
  throw new DfuError('INVALID_ARGUMENT', message);
}

async function report(
  terminal: Terminal,
  options: DoctorOptions,
  findings: readonly Finding[],
): Promise<void> {
  const { bus: names, json, report: path = '', withTrace, withSerials, replay } = options;
  const { writeReport } = await import('./report.ts');
  await interruptible(terminal, async (signal) => {
    const clock = timerClock(globalThis);
    const bus =
      replay === undefined
        ? await openBuses(terminal, names, clock, () => {}).catch(noBus)
        : (await tracedOn(terminal, { bus: names, replay }, clock)).bus;
    try {
      const parts = { bus, clock, signal, findings, trace: withTrace, replay, withSerials };
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
