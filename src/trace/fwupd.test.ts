import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { flashFile } from '../host/index.ts';
import { isFwupdRecording, readFwupdRecording } from './index.ts';
import type { FwupdPhase, TraceRecord } from './index.ts';
import { decodeConfiguration, decodeString, deviceDescriptor } from '../usb/index.ts';
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

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const hex = (value: number, digits: number): string =>
  `0x${value.toString(16).padStart(digits, '0')}`;

type Event = Readonly<Record<string, string | number>>;

/** What fwupd writes of a device and its interfaces. */
function described(descriptor: Uint8Array, path: string, created: string): Record<string, unknown> {
  const { idVendor, idProduct, bcdDevice, bcdUSB, iManufacturer, iProduct, iSerialNumber } =
    deviceDescriptor.decode(descriptor);
  return {
    GType: 'FuUsbDevice',
    PlatformId: path,
    Created: created,
    IdVendor: idVendor,
    IdProduct: idProduct,
    Device: bcdDevice,
    USB: bcdUSB,
    Manufacturer: iManufacturer,
    Product: iProduct,
    SerialNumber: iSerialNumber,
  };
}

function interfacesOf(configuration: Uint8Array): object[] {
  return decodeConfiguration(configuration).settings.map(({ descriptor, extra }) => ({
    Length: 9,
    DescriptorType: 4,
    InterfaceNumber: descriptor.bInterfaceNumber || undefined,
    AlternateSetting: descriptor.bAlternateSetting || undefined,
    InterfaceClass: descriptor.bInterfaceClass,
    InterfaceSubClass: descriptor.bInterfaceSubClass,
    InterfaceProtocol: descriptor.bInterfaceProtocol,
    Interface: descriptor.iInterface,
    ExtraData: base64(Buffer.concat(extra.map(({ bytes }) => bytes))),
  }));
}

interface Recording {
  readonly phases: FwupdPhase[];
  readonly devices: Record<string, unknown>[];
}

/** A recording of fwupd, out of what happened. */
function recording(records: readonly TraceRecord[], names: readonly string[]): Recording {
  const devices = new Map<number, Record<string, unknown>>();
  const pipes = new Map<number, number>();
  for (const record of records) {
    if (record.type === 'device') {
      const made = described(
        record.descriptor,
        record.location.path,
        `2026-11-30T12:00:0${record.device}Z`,
      );
      devices.set(record.device, {
        ...made,
        UsbEvents: [{ Id: 'ReadProp:Key=BUSNUM', Data: '001' }],
      });
    }
    if (record.type === 'open') pipes.set(record.pipe, record.device);
    if (record.type !== 'control') continue;
    const device = devices.get(pipes.get(record.pipe) ?? 0);
    if (device === undefined) continue;
    const { bmRequestType, bRequest, wValue, wIndex, wLength } = record.setup;
    const events = device['UsbEvents'] as Event[];
    const answer = record.data ?? new Uint8Array(0);
    if (bmRequestType === 0x80) {
      if (wValue >> 8 === 2 && answer.length > 9) {
        device['UsbConfigDescriptors'] = [{ ConfigurationValue: answer[5] }];
        device['UsbInterfaces'] = interfacesOf(answer);
      }
      if (wValue >> 8 !== 3 || (wValue & 0xff) === 0 || record.end !== 'ok') continue;
      const Id = `GetStringDescriptor:DescIndex=${hex(wValue & 0xff, 2)}`;
      const padded = new Uint8Array(128);
      padded.set(Buffer.from(decodeString(answer)));
      events.push({ Id, Data: base64(padded) });
      continue;
    }
    const isInput = (bmRequestType & 0x80) !== 0;
    // Of a request to the host its buffer before the answer came.
    const buffer = isInput ? new Uint8Array(wLength) : answer;
    const Id =
      `ControlTransfer:Direction=${isInput ? '0x00' : '0x01'},RequestType=${hex((bmRequestType >> 5) & 3, 2)},` +
      `Recipient=${hex(bmRequestType & 31, 2)},Request=${hex(bRequest, 2)},Value=${hex(wValue, 4)},` +
      `Idx=${hex(wIndex, 4)},Data=${base64(buffer)},Length=${hex(wLength, 1)}`;
    events.push(record.end === 'ok' ? { Id, Data: base64(answer) } : { Id, Error: -9 });
  }
  const all = [...devices.values()];
  const phases = names.map((name, at) => {
    const UsbDevices = names.length === 1 ? all : all.slice(at, at + 1);
    return { name, bytes: Buffer.from(JSON.stringify({ UsbDevices })) };
  });
  return { phases, devices: all };
}

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
