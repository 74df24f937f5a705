import { resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { WorkerRunner, buildFirmware } from '../../src/board/node/index.ts';
import type { BoardEvent } from '../../src/board/index.ts';
import { toHex } from '../../src/bytes/index.ts';
import { scan } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { happening, prints, testBoard } from '../support/boards.ts';
import type { TestBoard } from '../support/boards.ts';

/* The examples as they come out of the bundler, in real workers; time stands still. */

const boards: TestBoard[] = [];

afterEach(async () => {
  await Promise.all(boards.splice(0).map(({ board }) => board.close()));
});

async function withExample(name: string, modules: readonly string[]): Promise<TestBoard> {
  const folder = resolve(import.meta.dirname, '../../firmware', name);
  const source = new TextDecoder().decode(await buildFirmware(folder, { modules }));
  const made = testBoard(new WorkerRunner(), { serial: '00112233445566AA' });
  boards.push(made);
  made.install(1, 42, source);
  return made;
}

const attached = (event: BoardEvent): boolean => event.type === 'usb' && event.state === 'attached';

/** Types lines and answers what the console says up to the line `end`. */
async function type(
  { board }: TestBoard,
  lines: readonly string[],
  end: string,
): Promise<string[]> {
  const heard: string[] = [];
  const stop = board.listen((event) => {
    if (event.type === 'console') heard.push(event.text);
  });
  const over = prints(board, end);
  for (const line of lines) board.input(line);
  await over;
  stop();
  return heard;
}

describe('hello-world', () => {
  test('says hello, and where it runs', async () => {
    const made = await withExample('hello-world', []);
    const done = prints(made.board, 'Slot 1, version 42.');
    made.board.powerOn();
    await done;
    const texts = made.events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
    expect(texts.slice(0, 3)).toEqual([
      'Hello World!',
      'You are running dfukit on a(n) particle-xenon board.',
      'This board features a(n) nRF52840 CPU.',
    ]);
  });
});

describe('on USB', () => {
  test.each(['hello-world', 'usbus-minimal', 'saul'])(
    '%s with usbus_dfu has the run-time function',
    async (name) => {
      const { board, clock, port } = await withExample(name, ['usbus_dfu']);
      const bus = new LoopbackBus(clock);
      bus.plug(port);
      const seen = happening(board, attached);
      board.powerOn();
      await seen;
      const { entries } = await scan(bus, { clock });
      expect(entries).toMatchObject([
        {
          mode: 'runtime',
          idVendor: 0x1209,
          idProduct: 0x7d00,
          name: 'RIOT-OS bootloader',
          serial: '00112233445566AA',
        },
      ]);
      const [configuration] = port.descriptors().configurations;
      expect(toHex(configuration ?? new Uint8Array())).toMatch(/fe0101..092109ff0040001001$/);
      await bus.close();
    },
  );

  test('usbus-minimal without it enumerates, and has nothing', async () => {
    const { board, clock, port } = await withExample('usbus-minimal', []);
    const bus = new LoopbackBus(clock);
    bus.plug(port);
    const started = prints(board, 'Started USB stack!');
    board.powerOn();
    await started;
    const devices = await bus.list();
    expect(devices.map(({ descriptor }) => descriptor)).toMatchObject([
      { idVendor: 0x1209, idProduct: 0x7d00, bNumConfigurations: 1 },
    ]);
    const pipe = await devices[0]?.open();
    const request = { bmRequestType: 0x80, bRequest: 6, wValue: 0x0200, wIndex: 0 };
    const bytes = await pipe?.controlIn(request, 255);
    expect(toHex(bytes ?? new Uint8Array())).toMatch(/^09020900000104|^0902090000010.8032/);
    await pipe?.close();
    await bus.close();
  });
});

describe('saul', () => {
  test('lists, reads and writes as RIOT’s shell does', async () => {
    const made = await withExample('saul', []);
    const up = happening(made.board, ({ type: kind }) => kind === 'console');
    made.board.powerOn();
    await up;
    expect(await type(made, ['saul'], '#4\tSENSE_TEMP\tNRF_TEMP')).toEqual([
      'ID\tClass\t\tName',
      '#0\tACT_SWITCH\tLed Red',
      '#1\tACT_SWITCH\tLed Green',
      '#2\tACT_SWITCH\tLed Blue',
      '#3\tSENSE_BTN\tMODE Button',
      '#4\tSENSE_TEMP\tNRF_TEMP',
    ]);
    made.board.setButton(true);
    expect(await type(made, ['saul read 3'], 'Data:\t              1 ')).toHaveLength(2);
    expect(await type(made, ['saul read 4'], 'Data:\t          23.25 °C')).toEqual([
      'Reading from #4 (NRF_TEMP|SENSE_TEMP)',
      'Data:\t          23.25 °C',
    ]);
    expect(await type(made, ['saul write 1 1'], 'data successfully written to device #1')).toEqual([
      'Writing to device #1 - Led Green',
      'Data:\t              1 ',
      'data successfully written to device #1',
    ]);
    expect(made.last('actuator')).toEqual({ type: 'actuator', name: 'Led Green', value: 1 });
    expect(
      await type(made, ['saul read all', 'nothing'], 'shell: command not found: nothing'),
    ).toContain('Reading from #0 (Led Red|ACT_SWITCH)');
    const wrong = ['saul read 9', 'saul write 9 1', 'saul write 3 1', 'saul read', 'saul x'];
    expect(await type(made, wrong, 'usage: saul read|write')).toEqual(
      expect.arrayContaining([
        'error: undefined device id given',
        'error: undefined device given',
        'usage: saul read <device id>|all',
      ]),
    );
  });

  test('tells which slot it is, and reboots', async () => {
    const made = await withExample('saul', []);
    const up = happening(made.board, ({ type: kind }) => kind === 'console');
    made.board.powerOn();
    await up;
    expect(await type(made, ['curslotnr'], 'Current slot=1')).toHaveLength(1);
    expect(await type(made, ['curslothdr'], 'Image start address: 0x00082400')).toEqual([
      'Image magic_number: 0x544f4952',
      'Image Version: 0x0000002a',
      'Image start address: 0x00082400',
    ]);
    const again = happening(made.board, ({ type: kind }) => kind === 'boot');
    made.board.input('reboot');
    expect(await again).toMatchObject({ cause: 'software', mode: 'application', slot: 1 });
  });
});
