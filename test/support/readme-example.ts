import { flashFile, parseDeviceIds } from '../../src/host/index.ts';
import { nodeUsbBus } from '../../src/link/node-usb/index.ts';
import { timerClock } from '../../src/usb/index.ts';

/** The README's example, as a function so that it can be compiled: its text is compared. */
export async function example(file: Uint8Array): Promise<string> {
  const clock = timerClock(globalThis);
  const bus = nodeUsbBus({ clock });
  const selection = parseDeviceIds('1209:7d02');
  const { ending } = await flashFile(bus, file, { clock, selection }); // 'manifested', 'left', 'written' or 'unconfirmed'
  await bus.close();
  return ending;
}
