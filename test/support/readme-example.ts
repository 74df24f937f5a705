import { connect, download, parseDeviceIds } from '../../src/host/index.ts';
import { nodeUsbBus } from '../../src/link/node-usb/index.ts';
import { timerClock } from '../../src/usb/index.ts';

/** The README's example, as a function so that it can be compiled: its text is compared. */
export async function example(image: Uint8Array): Promise<string> {
  const clock = timerClock(globalThis);
  const bus = nodeUsbBus({ clock });
  const session = await connect(bus, { clock, selection: parseDeviceIds('1209:7d02') });
  const { ending } = await download(session, image); // 'manifested', 'left' or 'unconfirmed'
  await session.close();
  await bus.close();
  return ending;
}
