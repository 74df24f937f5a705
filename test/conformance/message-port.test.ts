import { expect, test } from 'vitest';
import { DfuError } from '../../src/bytes/index.ts';
import { COMPATIBLE, STRICT } from '../../src/device/index.ts';
import { connect, download, parseDeviceIds, upload } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { portBus, serveBus } from '../../src/link/message-port/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { MiniatureBoard } from '../support/miniature-board.ts';
import { portPair } from '../support/port-pair.ts';
import { onClock } from '../support/scripted-pipe.ts';

/*
 * The keystone with a message port in between: a host in one thread, the device's bus in another, for every combination of
 * bmAttributes (DFU 1.1 table 4.2).
 */

const cases = [COMPATIBLE, STRICT].flatMap((profile) =>
  Array.from({ length: 16 }, (_, number) => ({
    profile,
    title: `${profile.name}, bmAttributes ${number}`,
    bits: {
      canDnload: (number & 1) !== 0,
      canUpload: (number & 2) !== 0,
      manifestationTolerant: (number & 4) !== 0,
      willDetach: (number & 8) !== 0,
    },
  })),
);

/** How work ended: the code of its error, if it has one. */
async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    return DfuError.is(error) ? error.code : String(error);
  }
}

test.each(cases)('$title', async ({ profile, bits }) => {
  const clock = new VirtualClock();
  const own = new LoopbackBus(clock, { manner: 'linux' });
  const board = new MiniatureBoard(bits, 1000, profile, { sizeBytes: 20_000 });
  own.plug(board.device);
  const [far, near] = portPair();
  const server = serveBus(own, far);
  const bus = portBus(near, { clock });
  const selection = { ...parseDeviceIds('1209:7d00,1209:7d02'), alternate: 'ramdisk1' };
  const run = <T>(work: Promise<T>): Promise<T> => onClock(clock, work);
  const session = await run(connect(bus, { clock, selection }));
  const image = Uint8Array.from({ length: 10_500 }, (_, at) => at * 7 + (at >> 8));
  const before = board.disks[1]?.content.slice() ?? new Uint8Array(0);
  const read: number[] = [];
  const uploaded = await run(outcome(upload(session, (chunk) => void read.push(...chunk))));
  const downloaded = await run(outcome(download(session, image)));
  expect(uploaded).toBe(bits.canUpload ? 'done' : 'UNSUPPORTED');
  expect(Uint8Array.from(read)).toEqual(bits.canUpload ? before : new Uint8Array(0));
  expect(downloaded).toBe(bits.canDnload ? 'done' : 'UNSUPPORTED');
  const after = bits.canDnload ? image : before.subarray(0, image.length);
  expect(board.disks[1]?.content.subarray(0, image.length)).toEqual(after);
  await run(session.close());
  await bus.close();
  await server.gone;
});
