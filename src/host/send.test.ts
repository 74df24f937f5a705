import { describe, expect, test } from 'vitest';
import { bench, end, entry, idle, six, sixSent, taken } from '../../test/support/host-bench.ts';
import {
  ScriptedBus,
  ScriptedBusDevice,
  dfuStandard,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import type { Line, StandardWords } from '../../test/support/scripted-pipe.ts';
import { fromHex } from '../bytes/index.ts';
import { appendSuffix, writeDfuSeFile } from '../dfu/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { flashFile, receive, send, sendPlan, sendTo } from './index.ts';
import type { DfuInterface, FlashOptions, HostEvent, SendEnding, SendOptions } from './index.ts';

const ids = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0xffff, bcdDFU: 0x0100 };
const foreign = { ...ids, idProduct: 0x0001 };
/** Blocks of four bytes, no more bits than the two transfers; DFU 1.1 and DfuSe. */
const words: StandardWords = {
  protocol: 2,
  serial: 'ABC',
  alternates: [{ name: 'Slot 0', functional: fromHex('09210b000104001001') }, { name: 'Slot 1' }],
};

interface Flashed {
  readonly clock: VirtualClock;
  readonly device: ScriptedBusDevice;
  readonly events: HostEvent[];
  readonly ending: Promise<SendEnding>;
}

function flash(
  file: Uint8Array,
  script: readonly Line[],
  options: Partial<FlashOptions> = {},
): Flashed {
  const clock = new VirtualClock();
  const device = new ScriptedBusDevice({ clock, standard: dfuStandard(words), script });
  const events: HostEvent[] = [];
  const onEvent = (event: HostEvent): void => void events.push(event);
  const selection = { alternate: 1 };
  const work = flashFile(new ScriptedBus(device), file, { clock, onEvent, selection, ...options });
  return { clock, device, events, ending: onClock(clock, work) };
}

const whole: Line[] = [...sixSent, end, idle];
const six6 = { elements: 1, bytes: 6, blocks: 2, commands: 0, erases: 0, erasedBytes: 0 };

describe('flashFile', () => {
  test('checks the suffix and does not send it', async () => {
    const { device, ending } = flash(appendSuffix(six, ids), whole);
    expect(await ending).toEqual({
      spent: { totalMs: 0, wireMs: 0, pollMs: 0, returnMs: 0, otherMs: 0 },
      outcome: 'written',
      blocks: 2,
      bytes: 6,
      ending: 'manifested',
      finalState: 'dfuIDLE',
      reset: undefined,
      planned: six6,
      acknowledged: six6,
    });
    expect(device.sent).toEqual([six.subarray(0, 4), six.subarray(4), new Uint8Array(0)]);
    expect(device.rest).toEqual([]);
    expect(device.log.at(-1)).toBe('close');
  });

  test('sends nothing to a device that the suffix is not for', async () => {
    const { device, ending } = flash(appendSuffix(six, foreign), []);
    await expect(ending).rejects.toMatchObject({
      code: 'REFUSED',
      remedies: ['other-device'],
    });
    expect(device.log).toEqual(['open', 'close']); // looked at, never claimed
    expect((await flash(appendSuffix(six, foreign), whole, { force: true }).ending).bytes).toBe(6);
  });

  test('chooses the device by the suffix', async () => {
    const clock = new VirtualClock();
    const standard = dfuStandard(words);
    const script = whole;
    const right = new ScriptedBusDevice({ clock, standard, script });
    const wrong = new ScriptedBusDevice({
      clock,
      standard,
      id: 'wrong',
      path: '1-1',
      descriptor: { idProduct: 1 },
    });
    const selection = { alternate: 0 };
    const work = flashFile(new ScriptedBus(wrong, right), appendSuffix(six, ids), {
      clock,
      selection,
    });
    await onClock(clock, work);
    expect(wrong.sent).toEqual([]);
    expect(right.sent).toHaveLength(3);
  });

  test('tells a damaged suffix, which goes with the rest', async () => {
    const damaged = appendSuffix(six, ids);
    damaged[0] = 0xee;
    const blocks = Array.from({ length: 6 }, (_, at): Line[] => [
      [`DNLOAD ${at} ${at === 5 ? 2 : 4}`, 'ok'],
      taken,
    ]).flat();
    const { events, ending } = flash(damaged, [idle, ...blocks, ['DNLOAD 6 0', 'ok'], idle]);
    expect((await ending).bytes).toBe(22);
    expect(events[0]).toMatchObject({
      type: 'note',
      message: expect.stringMatching(/^DFU suffix\.dwCRC.*; sent as it is$/) as string,
    });
    expect(events.filter(({ type }) => type === 'note')).toHaveLength(1);
  });

  test('asks the device out of DFU mode if told to, and closes it whatever happens', async () => {
    const { device, ending } = flash(six, [...whole, ['DETACH 1000', 'ok']], { detach: true });
    await ending;
    expect(device.rest).toEqual([]);
    expect(device.log).toContain('reset');
    const failed = flash(six, [idle, ['DNLOAD 0 4', 'stall'], idle, idle]);
    await expect(failed.ending).rejects.toMatchObject({ code: 'STALLED' });
    expect(failed.device.log.at(-1)).toBe('close');
  });
});

describe('a file that the device cannot want', () => {
  const dfuseFile = writeDfuSeFile([{ alternate: 0, elements: [{ address: 0, data: six }] }]);

  test('is refused before a device in run-time mode is asked out of it', async () => {
    const clock = new VirtualClock();
    const standard = dfuStandard({
      ...words,
      protocol: 1,
      alternates: words.alternates.slice(0, 1),
    });
    const device = new ScriptedBusDevice({ clock, standard, script: [] });
    const work = flashFile(new ScriptedBus(device), dfuseFile, { clock });
    await expect(onClock(clock, work)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'the file is a DfuSe file, the device speaks plain DFU',
      remedies: ['dialect'],
    });
    expect(device.log).toEqual(['open', 'close']); // looked at, never claimed
  });

  test('in DFU mode as well', async () => {
    const { device, ending } = flash(dfuseFile, []);
    await expect(ending).rejects.toMatchObject({ code: 'UNSUPPORTED', remedies: ['dialect'] });
    expect(device.log).toEqual(['open', 'close']);
  });

  test('is no file at all', async () => {
    const missing = undefined as unknown as Uint8Array;
    await expect(flash(missing, []).ending).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'file: expected its bytes (Uint8Array), got undefined',
    });
  });
});

describe('send, on a device that is open already', () => {
  test('looks at the suffix though nobody else has', async () => {
    const { clock, device, session } = await bench([]);
    const work = send(session, sendPlan(appendSuffix(six, foreign)));
    await expect(onClock(clock, work)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(device.sent).toEqual([]);
  });

  test('tells a damaged one', async () => {
    const damaged = appendSuffix(Uint8Array.of(), ids);
    damaged[0] = 0xee;
    const blocks = Array.from({ length: 4 }, (_, at): Line[] => [[`DNLOAD ${at} 4`, 'ok'], taken]);
    const { clock, session } = await bench([idle, ...blocks.flat(), ['DNLOAD 4 0', 'ok'], idle]);
    const notes: string[] = [];
    const onEvent = (event: HostEvent): void => {
      if (event.type === 'note') notes.push(event.message);
    };
    await onClock(clock, send(session, sendPlan(damaged), { onEvent }));
    expect(notes).toEqual([expect.stringContaining('sent as it is') as string]);
  });
});

const dfuse: DfuInterface = {
  ...entry,
  name: '@Flash/0x08000000/4*16Bg',
  functional: { ...entry.functional, bcdDFUVersion: 0x011a, wTransferSize: 8 },
};
const command: Line[] = [['DNLOAD 0 5', 'ok'], taken];
const address = 0x08000000;

async function sent(
  file: Uint8Array | undefined,
  options: SendOptions,
  script: readonly Line[],
): Promise<SendEnding> {
  const { clock, session, device } = await bench(script, {}, dfuse);
  const result = await onClock(clock, send(session, sendPlan(file, options)));
  expect(device.rest).toEqual([]);
  return result;
}

describe('what was planned, and what the device has acknowledged', () => {
  test('are the same where all went well', async () => {
    const script: Line[] = [idle, ...command, ...command, ['DNLOAD 2 6', 'ok'], taken];
    const result = await sent(six, { address }, [...script, ['ABORT', 'ok'], idle]);
    const counts = { elements: 1, bytes: 6, blocks: 1, commands: 2, erases: 1, erasedBytes: 16 };
    expect(result).toMatchObject({ ending: 'written', planned: counts, acknowledged: counts });
  });

  test('differ by what a device that left has not answered', async () => {
    const options = { address, massErase: true, willReset: true, force: true } as const;
    // It had taken the command: what it was told to do, it does.
    const busy: Line = ['GETSTATUS', status('dfuDNBUSY', { pollMs: 50 })];
    const obeyed: Line[] = [idle, ['DNLOAD 0 1', 'ok'], busy, ['GETSTATUS', 'gone']];
    const one = { commands: 1, erases: 1, bytes: 0 };
    expect(await sent(undefined, options, obeyed)).toMatchObject({
      ending: 'left',
      planned: one,
      acknowledged: one,
    });
    await expect(sent(six, options, obeyed)).rejects.toMatchObject({
      code: 'INCOMPLETE',
      message: expect.stringMatching(/^the flash is erased; .*0 of 6 bytes/) as string,
      progress: { planned: { bytes: 6 }, acknowledged: one },
    });
    // It had said that it is done, and goes only then.
    const done: Line[] = [idle, ['DNLOAD 0 1', 'ok'], taken, ['DNLOAD 0 5', 'gone']];
    await expect(sent(six, options, done)).rejects.toMatchObject({
      code: 'INCOMPLETE',
      message: expect.stringMatching(/^the flash is erased; .*0 of 6 bytes/) as string,
    });
    // It had not: whether it does is not known, with a file or without.
    const gone: Line[] = [idle, ['DNLOAD 0 1', 'gone']];
    for (const file of [undefined, six]) {
      await expect(sent(file, options, gone)).rejects.toMatchObject({
        code: 'INCOMPLETE',
        message: expect.stringContaining('whether it did is not known') as string,
      });
    }
  });

  test('of commands alone', async () => {
    const options = { massErase: true, force: true } as const;
    const script: Line[] = [idle, ['DNLOAD 0 1', 'ok'], taken, ['ABORT', 'ok'], idle];
    const counts = { commands: 1, erases: 1, bytes: 0 };
    expect(await sent(undefined, options, script)).toMatchObject({
      planned: counts,
      acknowledged: counts,
    });
  });

  test('of all the alternates of a DfuSe file together, which are refused together too', async () => {
    const names = ['@Flash/0x08000000/4*16Bg', '@Options/0x1ffff800/1*16 g'];
    const functional = fromHex('09210b000108001a01');
    const more = {
      standard: dfuStandard({ ...words, alternates: names.map((name) => ({ name, functional })) }),
    };
    const file = (second: number): Uint8Array =>
      writeDfuSeFile([
        { alternate: 0, elements: [{ address, data: six }] },
        { alternate: 1, elements: [{ address: second, data: six }] },
        { alternate: 5, elements: [] },
      ]);
    const part: Line[] = [
      idle,
      ...command,
      ...command,
      ['DNLOAD 2 6', 'ok'],
      taken,
      ['ABORT', 'ok'],
      idle,
    ];
    const good = await bench([...part, ...part], more, dfuse);
    const events: HostEvent[] = [];
    const onEvent = (event: HostEvent): void => void events.push(event);
    const plan = sendPlan(file(0x1ffff800));
    const result = await onClock(good.clock, send(good.session, plan, { onEvent }));
    const counts = { elements: 2, bytes: 12, blocks: 2, commands: 4, erases: 2, erasedBytes: 32 };
    expect(result).toMatchObject({ bytes: 12, planned: counts, acknowledged: counts });
    expect(events[0]).toEqual({ type: 'note', message: 'no alternate setting 5: left out' });
    expect(good.device.log).toContain('alternate 0 0');

    const bad = await bench([], more, dfuse);
    const work = send(bad.session, sendPlan(file(0x1ffff000)));
    await expect(onClock(bad.clock, work)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(bad.device.sent).toEqual([]);
  });
});

test('a DfuSe file needs no alternate to be chosen', async () => {
  const clock = new VirtualClock();
  const functional = fromHex('09210b000108001a01');
  const alternates = [
    { name: '@A/0x0/1*8Bg', functional },
    { name: '@B/0x0/1*8Bg', functional },
  ];
  const script: Line[] = [
    idle,
    ...command,
    ...command,
    ['DNLOAD 2 6', 'ok'],
    taken,
    ['ABORT', 'ok'],
    idle,
  ];
  const standard = dfuStandard({ ...words, alternates });
  const bus = new ScriptedBus(new ScriptedBusDevice({ clock, standard, script }));
  const file = writeDfuSeFile([{ alternate: 1, elements: [{ address: 0, data: six }] }]);
  const plan = sendPlan(file);
  expect((await onClock(clock, sendTo(bus, plan, { clock }))).bytes).toBe(6);
  const image = sendTo(bus, sendPlan(six, { address: 0 }), { clock });
  await expect(onClock(clock, image)).rejects.toMatchObject({ code: 'AMBIGUOUS' });
});

describe('receive', () => {
  const read = async (
    script: readonly Line[],
    as: DfuInterface,
    options: Parameters<typeof receive>[2],
  ): Promise<object> => {
    const { clock, session, device } = await bench(script, {}, as);
    const chunks: Uint8Array[] = [];
    const sink = (chunk: Uint8Array): void => void chunks.push(chunk);
    const { bytes, blocks } = await onClock(clock, receive(session, sink, options));
    expect(device.rest).toEqual([]);
    return { bytes, blocks, got: Buffer.concat(chunks).toString('hex') };
  };
  const three = six.subarray(0, 3);
  const got = { bytes: 3, blocks: 1, got: '010203' };
  const pointer: Line[] = [...command, ['ABORT', 'ok'], idle];
  const fromMemory: Line[] = [idle, ...pointer, ['UPLOAD 2 3', three], ['ABORT', 'ok'], idle];

  test('speaks what the device speaks', async () => {
    expect(await read([idle, ['UPLOAD 0 4', three]], entry, {})).toEqual(got);
    expect(await read(fromMemory, dfuse, { address, lengthBytes: 3 })).toEqual(got);
  });

  test('or DfuSe where it is asked for', async () => {
    const named = { ...entry, name: dfuse.name };
    const options = { address, lengthBytes: 3, dialect: 'dfuse' } as const;
    expect(await read(fromMemory, named, options)).toEqual(got);
    // Reading harms nothing: that there is no layout is told, and no more.
    const notes: HostEvent[] = [];
    const onEvent = (event: HostEvent): void => void notes.push(event);
    expect(await read(fromMemory, entry, { ...options, onEvent })).toEqual(got);
    expect(notes[0]).toMatchObject({ type: 'note' });
  });

  test('heeds bitCanUpload, unless all is forced', async () => {
    const { functional } = entry;
    const bmAttributes = { ...functional.bmAttributes, canUpload: false };
    const as = { ...entry, functional: { ...functional, bmAttributes } };
    for (const force of [undefined, false, 'memory'] as const) {
      await expect(read([], as, { force })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
    expect(await read([idle, ['UPLOAD 0 4', three]], as, { force: true })).toEqual(got);
  });
});

test('what a device reports in the middle is the error, whatever was planned', async () => {
  const failed: Line = ['GETSTATUS', status('dfuERROR', { bStatus: 3 })];
  const script: Line[] = [idle, ['DNLOAD 0 5', 'ok'], failed];
  await expect(sent(six, { address }, script)).rejects.toMatchObject({
    code: 'DEVICE_STATUS',
    status: 3,
  });
});
