import { printable } from '../../host/index.ts';
import type { DfuInterface, Scan, ScanProblem } from '../../host/index.ts';
import { formatUsbId } from '../../usb/index.ts';
import { problem, remedy } from './finding.ts';
import type { Finding, Remedy } from './finding.ts';
import type { FoundDevice } from './found-device.ts';

/** Where there is no sysfs to read: each device is opened, and judged by how that goes. */
export function judgeScan({ entries, problems }: Scan, platform: string): Finding[] {
  const usable = [...byDevice(entries).values()].map((device): Finding => ({
    level: 'ok',
    message: 'can be used',
    device,
  }));
  return [...usable, ...problems.map((each) => judgeProblem(each, platform))];
}

function byDevice(entries: readonly DfuInterface[]): ReadonlyMap<string, FoundDevice> {
  const found = new Map<string, FoundDevice>();
  for (const entry of entries) {
    const alternates = (found.get(entry.deviceId)?.alternates ?? 0) + 1;
    const isDfuSe = entry.functional.bcdDFUVersion === 0x011a;
    found.set(entry.deviceId, {
      id: formatUsbId(entry),
      path: printable(entry.location.path),
      product: undefined,
      serial: entry.serial === 'UNKNOWN' ? undefined : entry.serial,
      speaks: entry.mode === 'runtime' ? 'run-time' : isDfuSe ? 'DfuSe' : 'DFU mode',
      alternates,
    });
  }
  return found;
}

/** A device that could not be looked into may be no DFU device at all: a note. */
function judgeProblem({ code, message }: ScanProblem, platform: string): Finding {
  if (code === 'BUSY') {
    const end = remedy('end the program that has it, or give it back where it is lent out');
    return problem('claimed', message, end);
  }
  const found = problem('not-readable', message, remedyFor(platform));
  return { ...found, level: 'note' };
}

function remedyFor(platform: string): Remedy {
  if (platform === 'win32') {
    return remedy(
      'if this is the DFU device, Windows has another driver for it than WinUSB: put that on with Zadig ' +
        '(zadig.akeo.ie: Options, List All Devices, choose it, WinUSB, Replace Driver); firmware whose ' +
        'descriptors ask for it (Microsoft OS 2.0) needs none of that',
    );
  }
  if (platform === 'darwin') {
    return remedy(
      'if this is the DFU device, a driver of macOS or another program has it: unplug it, end what may use it ' +
        '(a virtual machine, a serial monitor), and plug it in again; no driver is needed',
    );
  }
  return remedy('plug it in again; if that does not help, it answers wrongly');
}
