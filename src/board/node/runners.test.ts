import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { happening, prints, testBoard } from '../../../test/support/boards.ts';
import type { TestBoard } from '../../../test/support/boards.ts';
import { fromHex, toHex } from '../../bytes/index.ts';
import { DevicePort } from '../../usb/index.ts';
import type { SetupPacket, TransferResult } from '../../usb/index.ts';
import type { BoardEvent } from '../index.ts';
import { ProcessRunner } from './process-runner.ts';
import { WorkerRunner } from './worker-runner.ts';

const boards: TestBoard[] = [];

afterEach(async () => {
  await Promise.all(boards.splice(0).map(({ board }) => board.close()));
});

/** Each runner, and what Node calls the resource that it holds while a program runs. */
const kinds = [
  ['a worker', WorkerRunner, 'MessagePort'],
  ['a process of its own', ProcessRunner, 'ProcessWrap'],
] as const;

let Kind: typeof WorkerRunner | typeof ProcessRunner = WorkerRunner;

/** A board with that firmware in slot 0; without power. */
function withFirmware(source: string, watchdogMs?: number): TestBoard {
  const made = testBoard(new Kind({ heapMb: 32 }), { watchdogMs: watchdogMs ?? 4000 });
  made.install(0, 1, source);
  boards.push(made);
  return made;
}

const fault = (event: BoardEvent): boolean => event.type === 'fault';

describe.each(kinds)('a program in %s', (_name, kind, resource) => {
  beforeEach(() => {
    Kind = kind;
  });

  test('says and hears lines on the console', async () => {
    const { board } = withFirmware(`
      export function main({ console, name, image }) {
        console.onLine((line) => console.print('heard ' + line));
        console.print(name + ' slot ' + image.slot + ' version ' + image.version);
      }`);
    const ready = prints(board, 'particle-xenon slot 0 version 1');
    board.powerOn();
    await ready;
    const answer = prints(board, 'heard you');
    board.input('you');
    expect(await answer).toBeDefined();
  });

  test('has nothing of the machine', async () => {
    const { board } = withFirmware(`
      export const main = ({ console }) => console.print(
        [typeof process, typeof require, typeof setTimeout, typeof fetch, typeof globalThis.console,
         typeof Buffer, typeof Uint8Array, typeof Promise].join());`);
    const printed = happening(board, ({ type }) => type === 'console');
    board.powerOn();
    expect(await printed).toMatchObject({
      text: 'undefined,undefined,undefined,undefined,undefined,undefined,function,function',
    });
  });

  test('can import nothing', async () => {
    const { board } = withFirmware(`import 'node:fs'; export const main = () => {};`);
    const failed = happening(board, fault);
    board.powerOn();
    expect(await failed).toMatchObject({ message: expect.stringMatching(/node:fs/) as string });
  });

  test('sleeps by the board’s clock, and uses flash, sensors and reboot', async () => {
    const { board, clock, flash, last } = withFirmware(`
      export async function main({ console, flash, sensors, sleep, reboot }) {
        await flash.erase(0xf0000, 4096);
        await flash.program(0xf0000, Uint8Array.of(1, 2, 3, 4));
        const bytes = await flash.read(0xf0000, 5);
        console.print([...bytes].join());
        await flash.program(0xf0001, Uint8Array.of(9)).catch((error) => console.print(error.name));
        await sensors.write(2, 1);
        console.print(String(await sensors.read(4)));
        await sleep(60);
        await reboot();
      }`);
    const printed = prints(board, '2325');
    board.powerOn();
    await printed;
    expect(toHex(flash.read(0xf0000, 5))).toBe('01020304ff');
    expect(last('actuator')).toEqual({ type: 'actuator', name: 'Led Blue', value: 1 });
    const rebooted = happening(board, ({ type }) => type === 'boot');
    // The line comes before the program asks for its sleep: let it ask.
    while (clock.nextMs > 60) await new Promise((turn) => setImmediate(turn));
    clock.advance(60);
    expect(await rebooted).toMatchObject({ cause: 'software', mode: 'application' });
  });

  test.each([
    ['throws', `export const main = () => { throw new Error('oops'); };`, /oops/],
    ['rejects', `export const main = async () => { throw new Error('oops'); };`, /oops/],
    [
      'leaves a rejection unhandled',
      `export const main = () => { Promise.reject(new Error('oops')); };`,
      /oops/,
    ],
    ['has no entry', `export const start = 1;`, /main/],
    ['is no module', `export const = 1;`, /Unexpected token/],
    [
      'fills its heap',
      `export const main = () => { const all = []; for (;;) all.push(new Array(1e5).fill(1)); };`,
      /memory/,
    ],
  ])('that %s is a crash, and the watchdog resets', async (_, source, message) => {
    const { board, clock, last } = withFirmware(source);
    const failed = happening(board, fault);
    board.powerOn();
    expect(await failed).toMatchObject({ message: expect.stringMatching(message) as string });
    clock.advance(4000);
    expect(last('boot')).toMatchObject({ cause: 'watchdog', mode: 'application' });
  });

  test('that loops for ever is ended by the watchdog', async () => {
    const { board, clock, last } = withFirmware(`
      export const main = ({ console }) => { console.print('looping'); for (;;); };`);
    const looping = prints(board, 'looping');
    board.powerOn();
    await looping;
    clock.advance(3999);
    expect(last('boot')).toMatchObject({ cause: 'power-on' });
    const again = prints(board, 'looping');
    clock.advance(1);
    expect(last('boot')).toMatchObject({ cause: 'watchdog' });
    await again;
  });

  test('that prints for ever is ended too', async () => {
    const { board, clock, last } = withFirmware(`
      export const main = ({ console }) => { for (;;) console.print('x'.repeat(1000)); };`);
    // Many times what may be on its way unread, so that it has had to wait.
    let lines = 0;
    const many = happening(board, ({ type }) => type === 'console' && (lines += 1) === 500);
    board.powerOn();
    await many;
    clock.advance(4000);
    expect(last('boot')).toMatchObject({ cause: 'watchdog' });
  });

  test('that is idle feeds the watchdog', async () => {
    const { board, clock, last } = withFirmware(`
      export const main = ({ console }) => console.print('up');`);
    const up = prints(board, 'up');
    board.powerOn();
    await up;
    for (let round = 0; round < 3; round += 1) {
      clock.advance(2500);
      // Fed: the next thing due is the next warning, half a period from now; unfed, it is the bite.
      while (clock.nextMs !== clock.now() + 2000) {
        await new Promise((turn) => setImmediate(turn));
      }
    }
    expect(last('boot')).toMatchObject({ cause: 'power-on' });
  });

  test('can take the feeding over, and then must', async () => {
    const { board, clock, last } = withFirmware(`
      export const main = ({ console, watchdog }) => {
        watchdog.takeOver();
        console.onLine(() => { watchdog.feed(); console.print('fed'); });
        console.print('up');
      };`);
    const up = prints(board, 'up');
    board.powerOn();
    await up;
    clock.advance(3000);
    const fed = prints(board, 'fed');
    board.input('');
    await fed;
    clock.advance(3999);
    expect(last('boot')).toMatchObject({ cause: 'power-on' });
    clock.advance(1);
    expect(last('boot')).toMatchObject({ cause: 'watchdog' });
  });

  test('leaves nothing behind', async () => {
    const { board } = withFirmware(`export const main = ({ console }) => {
      console.print('looping'); for (;;); };`);
    const held = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === resource).length;
    // Processes of other tests may be on their way out; of threads the test has its own.
    const before = resource === 'ProcessWrap' ? 0 : held();
    const settled = async (): Promise<void> => {
      while (held() > before) await new Promise((turn) => setImmediate(turn));
    };
    await settled();
    for (let start = 0; start < 3; start += 1) {
      const looping = prints(board, 'looping');
      board.powerOn();
      await looping;
      expect(held()).toBeGreaterThan(before);
      board.powerCut();
    }
    await board.close();
    await settled();
  });
});

describe('a box that is not right', () => {
  test.each([
    ['zeros', 0, /stack pointer 0x00000000 is not in RAM/],
    ['damaged', 64, /damaged: expected CRC/],
  ])('%s is a hard fault, then the watchdog', (_, offset, message) => {
    const { board, clock, flash, last } = withFirmware('export const main = () => {};');
    if (offset === 0) flash.program(0x4400, new Uint8Array(64));
    else flash.program(0x4400 + offset, new Uint8Array(4));
    board.powerOn();
    expect(last('fault')?.message).toMatch(message);
    clock.advance(4000);
    expect(last('boot')).toMatchObject({ cause: 'watchdog' });
  });

  test('an image for the other slot is not booted, except by RIOT’s own loader', () => {
    const wrong = (profile: string): TestBoard => {
      const made = testBoard(new WorkerRunner(), { profile });
      boards.push(made);
      made.install(1, 5);
      made.flash.program(0x4000, made.flash.read(0x82000, 0x1000));
      made.flash.erase(0x82000, 0x1000);
      made.board.powerOn();
      return made;
    };
    expect(wrong('compatible').last('boot')).toMatchObject({ mode: 'dfu' });
    const riot = wrong('riotboot');
    expect(riot.last('boot')).toMatchObject({ mode: 'application', slot: 0 });
    expect(riot.last('fault')?.message).toMatch(/no program at 0x00082400/);
  });
});

describe.each(kinds)('a program on USB, in %s', (_name, kind) => {
  beforeEach(() => {
    Kind = kind;
  });

  const nobody = { attached: () => {}, detached: () => {}, log: () => {} };

  function transfer(
    port: DevicePort,
    packet: SetupPacket,
    data?: Uint8Array,
  ): Promise<TransferResult> {
    return new Promise((resolve) => {
      port.submit(packet, data, resolve);
    });
  }

  test('answers for its own interface, whatever it takes', async () => {
    const { board, clock } = withFirmware(`
      export const main = ({ usb }) => usb.attach({
        idVendor: 0x1209, idProduct: 0x7d01, product: 'own',
        functions: [{
          type: 'interface', bInterfaceClass: 255, bInterfaceSubClass: 1, bInterfaceProtocol: 2,
          name: 'echo', descriptors: [Uint8Array.of(4, 0x24, 7, 8)],
          async onControl({ bRequest, wLength, data }) {
            if (bRequest === 1) return Uint8Array.of(1, 2, 3, 4).subarray(0, wLength);
            if (bRequest === 2) return data.length === 3 ? 'status' : 'stall';
            return 'stall';
          },
        }],
      });`);
    const port = new DevicePort(board.port, clock, nobody);
    port.plug();
    const attached = happening(board, ({ type }) => type === 'usb');
    board.powerOn();
    expect(await attached).toMatchObject({ state: 'attached', id: '1209:7d01' });
    const [configuration] = board.port.descriptors().configurations;
    expect(toHex(configuration ?? new Uint8Array())).toMatch(/09040000 ?00ff0102..04240708$/);
    const setup = { bmRequestType: 0, bRequest: 9, wValue: 1, wIndex: 0, wLength: 0 };
    await transfer(port, setup);
    const own = { bmRequestType: 0xc1, bRequest: 1, wValue: 0, wIndex: 0, wLength: 3 };
    expect(await transfer(port, own)).toEqual({ end: 'in', data: fromHex('010203') });
    const out = { ...own, bmRequestType: 0x41, bRequest: 2 };
    expect(await transfer(port, out, fromHex('aabbcc'))).toEqual({ end: 'out', taken: 3 });
    expect(await transfer(port, { ...out, wLength: 1 }, fromHex('aa'))).toEqual({ end: 'stall' });
    expect(await transfer(port, { ...own, bRequest: 9 })).toEqual({ end: 'stall' });
  });

  test.each([
    ['{}', /idVendor/],
    ['{ idVendor: 1, idProduct: 70000, functions: [] }', /idProduct/],
    ['{ idVendor: 1, idProduct: 2, functions: [], product: "x".repeat(200) }', /product/],
    ['{ idVendor: 1, idProduct: 2, functions: new Array(20).fill({ type: "dfu-runtime" }) }', /16/],
    [
      '{ idVendor: 1, idProduct: 2, functions: [{ type: "dfu-mode", media: [{ type: "tape", name: "t" }] }] }',
      /medium.type/,
    ],
    [
      '{ idVendor: 1, idProduct: 2, functions: [{ type: "dfu-mode", media: [{ type: "ram-disk", name: "r", sectors: 1e6 }] }] }',
      /sectors/,
    ],
    [
      '{ idVendor: 1, idProduct: 2, functions: [{ type: "dfu-mode", media: [{ type: "flash-image", name: "s", area: "attic" }] }] }',
      /no flash area "attic"/,
    ],
    ['{ idVendor: 1, idProduct: 2, functions: [{ type: "dfu-mode", media: [] }] }', /media/],
  ])('cannot be %s', async (description, message) => {
    const { board } = withFirmware(`
      export const main = ({ usb, console }) => {
        try {
          usb.attach(${description}).catch((error) => console.print(error.message));
        } catch (error) { console.print('idVendor ' + error.message); }
      };`);
    const printed = happening(board, ({ type }) => type === 'console');
    board.powerOn();
    expect(await printed).toMatchObject({ text: expect.stringMatching(message) as string });
  });
});
