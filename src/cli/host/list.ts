import { Command } from 'commander';
import { listLine, scan } from '../../host/index.ts';
import type { Scan, ScanProblem } from '../../host/index.ts';
import { runOnBus } from './run-on-bus.ts';
import { addDeviceOptions, selectionOf } from './select.ts';
import type { DeviceOptions } from './select.ts';
import { warn, writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** `dfukit list`. */
export function command(terminal: Terminal): Command {
  return addDeviceOptions(new Command('list'))
    .description('list DFU devices, one line an alternate setting, as dfu-util -l does')
    .action((options: DeviceOptions) => list(terminal, options));
}

async function list(terminal: Terminal, options: DeviceOptions): Promise<void> {
  await runOnBus(terminal, options, async ({ bus, clock, signal }) => {
    const found = await scan(bus, { clock, signal, selection: selectionOf(options) });
    if (options.json === true) writeAsJson(terminal, found);
    else writeAsText(terminal, found);
  });
}

function writeAsJson({ out }: Terminal, { entries, problems }: Scan): void {
  for (const entry of entries) writeJson(out, { type: 'interface', ...entry });
  for (const { code, message, device } of problems) {
    const { id: deviceId, location } = device;
    writeJson(out, { type: 'problem', deviceId, location, code, message });
  }
}

function writeAsText(terminal: Terminal, { entries, problems }: Scan): void {
  for (const entry of entries) terminal.out.write(`${listLine(entry)}\n`);
  const say = (text: string): void => warn(terminal, `dfukit: ${text}`);
  for (const entry of entries) for (const note of entry.notes) say(`Warning: ${note}`);
  const forbidden = problems.filter(({ code }) => code === 'ACCESS');
  for (const { message } of problems.filter(({ code }) => code !== 'ACCESS')) say(message);
  if (forbidden.length > 0) say(forbiddenLine(forbidden));
  if (entries.length === 0) say('No DFU capable USB device available');
}

/** Every keyboard is such a device to an ordinary user: one line for them all. */
function forbiddenLine(problems: readonly ScanProblem[]): string {
  const ids = problems.map(({ message }) => message.replace(/: .*$/s, ''));
  return `No permission to look into ${ids.join(', ')}`;
}
