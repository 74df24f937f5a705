import { styleText } from 'node:util';
import { Command } from 'commander';
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
    .addHelpText('after', help)
    .action(answering((options: DoctorOptions) => doctor(terminal, options)));
  return addExamples(
    made,
    'dfukit doctor',
    'dfukit doctor --json',
    'dfukit doctor --bus usbip://127.0.0.1',
  );
}

/** Runs it on a system; the answer is the exit code. */
export async function doctor(
  terminal: Terminal,
  { bus, json }: DoctorOptions,
  system: System = nodeSystem(),
): Promise<number> {
  const findings = await interruptible(terminal, async (signal) => {
    const clock = timerClock(globalThis);
    const each = bus.map((name) => {
      const opening = { clock, signal, open: () => openBuses([name], clock, () => {}) };
      return name === 'native' ? examineNative(system, opening) : examineServer(name, opening);
    });
    return (await Promise.all(each)).flat();
  });
  const paint: Paint = (style, text) => styleText(style, text, { stream: terminal.out });
  for (const finding of findings) {
    if (json === true) writeJson(terminal.out, findingAsJson(finding));
    else terminal.out.write(`${findingLines(finding, paint).join('\n')}\n`);
  }
  return findings.some(isBad) ? ExitCode.no : ExitCode.ok;
}

function isBad({ level }: Finding): boolean {
  return level === 'problem';
}
