import { afterEach, describe, expect, test } from 'vitest';
import { happening, prints, testBoard } from '../../../test/support/boards.ts';
import type { TestBoard } from '../../../test/support/boards.ts';
import { toHex } from '../../bytes/index.ts';
import { DevicePort } from '../../usb/index.ts';
import type { SetupPacket, TransferResult } from '../../usb/index.ts';
import type { BoardOptions } from '../index.ts';
import { WorkerRunner } from '../node/worker-runner.ts';

const nobody = { attached: () => {}, detached: () => {}, log: () => {} };
const boards: TestBoard[] = [];

afterEach(async () => {
  await Promise.all(boards.splice(0).map(({ board }) => board.close()));
});

interface Bench extends TestBoard {
  readonly usb: DevicePort;
  readonly transfer: (packet: SetupPacket) => Promise<TransferResult>;
  /** DFU_DETACH with this time-out. */
  readonly detach: (timeoutMs: number) => Promise<TransferResult>;
}

/** A board whose firmware has a run-time function of that description, on the bus and configured. */
async function withRuntime(
  runtime: string,
  options: Partial<BoardOptions> = {},
  setUp = '',
): Promise<Bench> {
  const made = testBoard(new WorkerRunner({ heapMb: 32 }), { serial: 'CHIP', ...options });
  boards.push(made);
  made.install(
    0,
    1,
    `export const main = async (board) => {
      const { usb, console, sleep, dfu } = board;
      ${setUp}
      await usb.attach({
        idVendor: 0x1209, idProduct: 0x7d00,
        functions: [{ type: 'dfu-runtime', ${runtime} }],
      });
      console.print('ready');
    };`,
  );
  const usb = new DevicePort(made.board.port, made.clock, nobody);
  usb.plug();
  const ready = prints(made.board, 'ready');
  made.board.powerOn();
  await ready;
  const transfer = (packet: SetupPacket): Promise<TransferResult> =>
    new Promise((resolve) => {
      usb.submit(packet, undefined, resolve);
    });
  await transfer({ bmRequestType: 0, bRequest: 9, wValue: 1, wIndex: 0, wLength: 0 });
  const detach = (wValue: number): Promise<TransferResult> =>
    transfer({ bmRequestType: 0x21, bRequest: 0, wValue, wIndex: 0, wLength: 0 });
  return { ...made, usb, transfer, detach };
}

const ACCEPTED = { end: 'out', taken: 0 };
const STALLED = { end: 'stall' };

describe('a firmware that decides about DFU_DETACH', () => {
  test('accepts with a time of its own, and does the rest itself', async () => {
    const { board, clock, usb, detach } = await withRuntime(`
      allow: (timeoutMs) => { console.print('asked ' + timeoutMs); return 30; },
      detach: (reason) => { console.print('detach by ' + reason); return board.enterDfuMode(); },`);
    const asked = prints(board, 'asked 1000');
    expect(await detach(1000)).toEqual(ACCEPTED);
    await asked;
    const detached = prints(board, 'detach by detach');
    const inDfuMode = happening(board, (event) => event.type === 'boot' && event.mode === 'dfu');
    clock.advance(29);
    expect(usb.attached).toBe(true);
    clock.advance(1);
    await detached;
    expect(await inDfuMode).toMatchObject({ cause: 'software', why: 'magic number' });
  });

  test('takes its time with the answer, in which the host waits', async () => {
    const { board, clock, detach, usb } = await withRuntime(`
      async allow(timeoutMs) { console.print('thinking'); await sleep(500); return timeoutMs; },
      detach: () => console.print('cleaned up'),`);
    const thinking = prints(board, 'thinking');
    let ended = false;
    const answer = detach(10).finally(() => (ended = true));
    await thinking;
    while (clock.nextMs > 500) await new Promise((turn) => setImmediate(turn));
    expect(ended).toBe(false);
    expect(usb.pending).toBe(1);
    clock.advance(500);
    expect(await answer).toEqual(ACCEPTED);
    const cleaned = prints(board, 'cleaned up');
    clock.advance(10);
    await cleaned;
    // It has not asked for anything else: the device is still there.
    expect(usb.attached).toBe(true);
  });

  test.each([
    ['undefined', 'undefined'],
    ['null', 'null'],
    ['no number', '"soon"'],
    ['a negative time', '-5'],
  ])('refuses with %s', async (_, value) => {
    const { detach, last } = await withRuntime(`allow: () => (${value}),`);
    expect(await detach(100)).toEqual(STALLED);
    expect(last('boot')?.mode).toBe('application');
  });

  test('without bitWillDetach is told of the bus reset', async () => {
    const { board, usb, detach } = await withRuntime(`
      functional: { attributes: { willDetach: false }, detachTimeOutMs: 255, transferSizeBytes: 64 },
      allow: (timeoutMs) => timeoutMs,
      detach: (reason) => console.print('detach by ' + reason),`);
    expect(await detach(1000)).toEqual(ACCEPTED);
    const detached = prints(board, 'detach by reset');
    usb.reset();
    await detached;
  });

  test('leaves the rest to the bootloader if it has no action of its own', async () => {
    const { board, clock, detach } = await withRuntime('allow: () => 0,');
    const booted = happening(board, ({ type }) => type === 'boot');
    expect(await detach(1000)).toEqual(ACCEPTED);
    clock.advance(0);
    expect(await booted).toMatchObject({ mode: 'dfu' });
  });

  test('crashes when its answer does', async () => {
    const { board, detach } = await withRuntime(`allow: () => { throw new Error('oops'); },`);
    const fault = happening(board, ({ type }) => type === 'fault');
    void detach(100);
    expect(await fault).toMatchObject({ message: expect.stringMatching(/oops/) as string });
  });

  test('says what it is made of', async () => {
    const { board } = await withRuntime(`
      association: true, name: '',
      functional: {
        attributes: { canUpload: false, manifestationTolerant: false },
        detachTimeOutMs: 255, transferSizeBytes: 2048, bcdDFUVersion: 0x011a,
      },`);
    const [configuration = new Uint8Array(0)] = board.port.descriptors().configurations;
    expect(toHex(configuration)).toMatch(/080b0001fe0101000904000000fe010100092109ff0000081a01$/);
  });
});

describe('a board that demands something before DFU_DETACH', () => {
  test('the button held', async () => {
    const { board, detach } = await withRuntime('', { policy: { detach: 'button' } });
    expect(await detach(100)).toEqual(STALLED);
    board.setButton(true);
    expect(await detach(100)).toEqual(ACCEPTED);
  });

  test('that its application unlocks it; a reset by hand locks it again', async () => {
    const policy = { detach: 'unlock' } as const;
    const { board, detach, transfer } = await withRuntime(
      '',
      { policy },
      `console.onLine(async (line) => { await dfu[line](); console.print('done ' + line); });`,
    );
    const say = async (line: string): Promise<void> => {
      const done = prints(board, `done ${line}`);
      board.input(line);
      await done;
    };
    expect(await detach(100)).toEqual(STALLED);
    await say('unlock');
    await say('lock');
    expect(await detach(100)).toEqual(STALLED);
    await say('unlock');
    const ready = prints(board, 'ready');
    board.pressReset();
    await ready;
    await transfer({ bmRequestType: 0, bRequest: 9, wValue: 1, wIndex: 0, wLength: 0 });
    expect(await detach(100)).toEqual(STALLED);
    await say('unlock');
    expect(await detach(100)).toEqual(ACCEPTED);
  });
});

describe('the identity of a firmware with DFU', () => {
  const read = { bmRequestType: 0x80, bRequest: 6, wLength: 255 };
  const BOS = { ...read, wValue: 0x0f00, wIndex: 0 };
  const SERIAL = { ...read, wValue: 0x0301, wIndex: 0x0409 };

  test('is the board’s: serial number, descriptors for Windows and browsers', async () => {
    const { transfer } = await withRuntime('');
    const serial = await transfer(SERIAL);
    expect(serial.end === 'in' && toHex(serial.data)).toBe('0a034300480049005000');
    const bos = await transfer(BOS);
    expect(bos.end === 'in' && toHex(bos.data)).toMatch(/^050f390002/);
  });

  test('as a personality is what the firmware says, and no more', async () => {
    const { transfer } = await withRuntime(`name: '',`, { profile: 'riotboot' });
    expect((await transfer(SERIAL)).end).toBe('stall');
    expect((await transfer(BOS)).end).toBe('stall');
  });
});
