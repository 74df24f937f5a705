import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { flashFile } from '../host/index.ts';
import { isFwupdRecording, readFwupdRecording } from './index.ts';
import { recording } from '../../test/support/fwupd-recording.ts';
import type { Event } from '../../test/support/fwupd-recording.ts';
import {
  dfuseDevice,
  firmware,
  flashDfuSe,
  flashMiniature,
  miniature,
  recorded,
  replayed,
} from '../../test/support/recorded.ts';

/*
 * Recordings in the form of fwupd's device emulation, written here out of traces of virtual devices: fwupd's keys
 * and the names of its events, and none of its recordings.
 */

describe('a recording of fwupd', () => {
  test('is played back as its devices, out of the application too', async () => {
    const { trace } = await recorded(miniature(), flashMiniature);
    const { phases } = recording(trace.records, ['setup.json', 'install.json', 'reload.json']);
    // In the order of a zip file, which is nobody's.
    const read = readFwupdRecording(phases.toReversed());
    expect(read.header.polls).toBe('free');
    const { value, bus } = await replayed(read, flashMiniature);
    expect(value).toMatchObject({ bytes: 1000, blocks: 16 });
    expect(bus.departure).toBeUndefined();
  });

  test('of DfuSe in one text likewise', async () => {
    const { trace } = await recorded(dfuseDevice(), flashDfuSe);
    const { phases } = recording(trace.records, ['setup.json']);
    expect(phases.map(({ bytes }) => isFwupdRecording(bytes))).toEqual([true]);
    const { value } = await replayed(readFwupdRecording(phases), flashDfuSe);
    expect(value).toMatchObject({ bytes: 3000 });
  });

  test('takes a host that asks for the state more often or less often', async () => {
    const { trace } = await recorded(dfuseDevice(), flashDfuSe);
    const { phases } = recording(trace.records, ['setup.json']);
    const text = Buffer.from(phases[0]?.bytes ?? []).toString();
    const parsed = JSON.parse(text) as { readonly UsbDevices: { UsbEvents: Event[] }[] };
    const [device] = parsed.UsbDevices;
    if (device === undefined) throw new Error('no device');
    const isStatus = ({ Id }: Event): boolean => String(Id).includes('Request=0x03,');
    const doubled = device.UsbEvents.flatMap((event) =>
      isStatus(event) ? [event, event] : [event],
    );
    device.UsbEvents = doubled;
    const bytes = Buffer.from(JSON.stringify(parsed));
    const { value } = await replayed(
      readFwupdRecording([{ name: 'setup.json', bytes }]),
      flashDfuSe,
    );
    expect(value).toMatchObject({ bytes: 3000 });
  });

  test('does not take another firmware', async () => {
    const { trace } = await recorded(dfuseDevice(), flashDfuSe);
    const { phases } = recording(trace.records, ['setup.json']);
    const work = replayed(readFwupdRecording(phases), (bus, clock) =>
      flashFile(bus, firmware(3001).subarray(1), {
        clock,
        selection: { alternate: 0 },
        address: 0x0800_0000,
      }),
    );
    await expect(work).rejects.toMatchObject({ code: 'REPLAY' });
  });

  test.each([
    ['nothing', '{"UsbDevices":[]}', 'UNSUPPORTED'],
    ['no JSON', '{', 'MALFORMED'],
    ['ids that cannot be', '{"UsbDevices":[{"IdVendor":65536}]}', 'MALFORMED'],
    [
      'a request that cannot be',
      '{"UsbDevices":[{"IdVendor":1,"UsbEvents":[{"Id":"ControlTransfer:Direction=0x09"}]}]}',
      'MALFORMED',
    ],
    [
      'bytes that are none',
      '{"UsbDevices":[{"IdVendor":1,"UsbEvents":[{"Id":"x","Data":"?"}]}]}',
      'MALFORMED',
    ],
  ])('of %s is refused', (_what, text, code) => {
    const read = (): unknown =>
      readFwupdRecording([{ name: 'setup.json', bytes: Buffer.from(text) }]);
    expect(read).toThrow(DfuError);
    expect(read).toThrow(expect.objectContaining({ code }));
  });
});
