import { decodeConfiguration, decodeString, deviceDescriptor } from '../../src/usb/index.ts';
import type { FwupdPhase, TraceRecord } from '../../src/trace/index.ts';

/* Recordings in the form of fwupd's device emulation, out of traces of virtual devices. */

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const hex = (value: number, digits: number): string =>
  `0x${value.toString(16).padStart(digits, '0')}`;

export type Event = Readonly<Record<string, string | number>>;

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
export function recording(records: readonly TraceRecord[], names: readonly string[]): Recording {
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
