import { Command } from 'commander';
import { listLine, scan } from '../../host/index.ts';
import type { Scan, ScanProblem } from '../../host/index.ts';
import { writeJson } from './progress.ts';
import { runOnBus } from './run-on-bus.ts';
import { addDeviceOptions, selectionOf } from './select.ts';
import type { DeviceOptions } from './select.ts';

/** `dfukit list`. */
export function command(): Command {
  return addDeviceOptions(new Command('list'))
    .description('list DFU devices, one line an alternate setting, as dfu-util -l does')
    .action(list);
}

async function list(options: DeviceOptions): Promise<void> {
  await runOnBus(options, async ({ bus, clock, signal }) => {
    const found = await scan(bus, { clock, signal, selection: selectionOf(options) });
    if (options.json === true) writeAsJson(found);
    else writeAsText(found);
  });
}

function writeAsJson({ entries, problems }: Scan): void {
  for (const entry of entries) writeJson(process.stdout, { type: 'interface', ...entry });
  for (const { code, message, device } of problems) {
    const { id: deviceId, location } = device;
    writeJson(process.stdout, { type: 'problem', deviceId, location, code, message });
  }
}

function writeAsText({ entries, problems }: Scan): void {
  for (const entry of entries) process.stdout.write(`${listLine(entry)}\n`);
  const warn = (text: string): void => void process.stderr.write(`dfukit: ${text}\n`);
  for (const entry of entries) for (const note of entry.notes) warn(`Warning: ${note}`);
  const forbidden = problems.filter(({ code }) => code === 'ACCESS');
  for (const { message } of problems.filter(({ code }) => code !== 'ACCESS')) warn(message);
  if (forbidden.length > 0) warn(forbiddenLine(forbidden));
  if (entries.length === 0) warn('No DFU capable USB device available');
}

/** Every keyboard is such a device to an ordinary user: one line for them all. */
function forbiddenLine(problems: readonly ScanProblem[]): string {
  const ids = problems.map(({ message }) => message.replace(/: .*$/s, ''));
  return `No permission to look into ${ids.join(', ')}`;
}
