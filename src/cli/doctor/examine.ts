import { DfuError } from '../../bytes/index.ts';
import { scan } from '../../host/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import { judgeDevice } from './device-findings.ts';
import { problem, remedy } from './finding.ts';
import type { Finding } from './finding.ts';
import { judgeLinux, judgePackage } from './machine.ts';
import { judgeScan } from './other-systems.ts';
import { readSysfs } from './sysfs.ts';
import type { System } from './system.ts';

/** What is opened where the system itself tells nothing. */
export interface Opening {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly open: () => Promise<UsbBus>;
}

/** Everything there is to say of this computer's own USB. */
export async function examineNative(system: System, opening: Opening): Promise<Finding[]> {
  const failure = await system.usbFailure();
  const found = failure === undefined ? [] : [judgePackage(system, failure)];
  if (system.platform === 'linux') return [...found, ...examineLinux(system)];
  return failure === undefined ? examineBus(opening, system.platform) : found;
}

function examineLinux(system: System): Finding[] {
  const bus = readSysfs(system);
  const devices = bus?.dfu.map((device) => judgeDevice(system, device)) ?? [];
  const machine = judgeLinux(system, bus);
  if (bus === undefined || devices.length > 0) return [...machine, ...devices];
  return [...machine, nothing(bus.devices)];
}

/** What a bus says whose devices can be opened, and what is wrong with each. */
async function examineBus({ clock, signal, open }: Opening, platform: string): Promise<Finding[]> {
  const bus = await open();
  try {
    const found = await scan(bus, { clock, signal });
    const findings = judgeScan(found, platform);
    const isFound = findings.some(({ level }) => level === 'ok');
    return isFound ? findings : [...findings, nothing((await bus.list()).length)];
  } finally {
    await bus.close();
  }
}

/** Everything there is to say of a USB/IP server. */
export async function examineServer(name: string, opening: Opening): Promise<Finding[]> {
  try {
    return await examineBus(opening, 'usbip');
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'ABORTED' || error.code === 'INVALID_ARGUMENT') {
      throw error;
    }
    const start = remedy(
      'start the server there, and let its port through the firewall',
      'npx dfukit board run reel_board --usbip HOST:3240',
      'sudo usbipd -D && sudo usbip bind -b BUSID',
    );
    return [problem('server-unreachable', `${name} does not answer: ${error.message}`, start)];
  }
}

function nothing(devices: number): Finding {
  const there =
    devices === 0 ? 'no device is plugged in' : `${devices} devices, and none of them is DFU`;
  return {
    level: 'note',
    message: there,
    remedy: remedy(
      'plug it in, with a cable that has data lines; a board in its firmware may show no DFU until it is put into its ' +
        'bootloader (BOOT or RESET button)',
    ),
  };
}
