import { DfuError, Utf8Reader, defined, parseJson } from '../bytes/index.ts';
import {
  DIRECTION_IN,
  DescriptorType,
  LANGUAGE_ENGLISH,
  STRING_UNITS,
  StandardRequest,
  deviceDescriptor,
  encodeConfiguration,
  encodeLanguages,
  encodeString,
  walkDescriptors,
} from '../usb/index.ts';
import type { SetupPacket, SettingParts } from '../usb/index.ts';
import { fromBase64 } from './base64.ts';
import { fwupdEnd, fwupdRequest } from './fwupd-events.ts';
import { traceHeader } from './trace.ts';
import type { Trace, TraceEnd, TraceRecord } from './trace.ts';

/*
 * What fwupd's device emulation writes down (`fwupdmgr emulation-save`): JSON, one text a phase of the update, with
 * each device that there was in it and what went over the wire, without times.
 */

/** One phase: what its file is called, `setup.json` say, and what is in it. */
export interface FwupdPhase {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The order in which fwupd goes through them; others come behind. */
const PHASES = [
  'setup',
  'composite-prepare',
  'prepare',
  'detach',
  'install',
  'attach',
  'reload',
  'cleanup',
  'composite-cleanup',
];

const MOST_DEVICES = 256;
const MOST_EVENTS = 4_000_000;

/** How far apart events are said to be, in ms: they have no times of their own. */
const STEP_MS = 1;
/** And how long a device takes to come back. */
const RETURN_MS = 100;

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown, most: number): Json[] {
  if (!Array.isArray(value)) return [];
  if (value.length > most) {
    throw new DfuError('MALFORMED', `recording of fwupd: expected at most ${most} entries`);
  }
  return value.filter((each) => isObject(each));
}

function numberOf(object: Json, name: string, most: number): number {
  const value = object[name];
  if (value === undefined) return 0;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) {
    return value as number;
  }
  const got = JSON.stringify(value).slice(0, 40);
  throw new DfuError('MALFORMED', `recording of fwupd, ${name}: expected 0 to ${most}, got ${got}`);
}

function textOf(object: Json, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

/** `[N:]PHASE[-N].json`: when its time comes. */
function rankOf({ name }: FwupdPhase): number {
  const [, round = '0', phase = '', write = '0'] =
    /(?:^|\/)(?:(\d+):)?([a-z-]+?)(?:-(\d+))?\.json$/.exec(name) ?? [];
  const at = PHASES.indexOf(phase);
  return Number(round) * 1_000_000 + (at < 0 ? PHASES.length : at) * 1000 + Number(write);
}

/** Whether a text is a recording of fwupd. */
export function isFwupdRecording(bytes: Uint8Array): boolean {
  const start = new Utf8Reader().read(bytes.subarray(0, 4096)).trimStart();
  return start.startsWith('{') && start.includes('"UsbDevices"');
}

/**
 * Reads a recording of fwupd's device emulation: what was recorded of a device in several phases is one device, as long
 * as it is the same one at the same port. It has no times, no alternates and the questions of another host: a replay
 * takes the order of status questions as it comes. Throws `MALFORMED`, and `UNSUPPORTED` where there is no USB device
 * in it.
 */
export function readFwupdRecording(phases: readonly FwupdPhase[]): Trace {
  const reader = new RecordingReader();
  for (const phase of phases.toSorted((a, b) => rankOf(a) - rankOf(b))) reader.phase(phase);
  if (reader.isEmpty) {
    throw new DfuError(
      'UNSUPPORTED',
      'recording of fwupd: expected a USB device in it, found none',
    );
  }
  return {
    header: traceHeader({ tool: 'fwupd', polls: 'free' }),
    records: reader.records,
    torn: false,
  };
}

class RecordingReader {
  readonly records: TraceRecord[] = [];
  /** Who is at each port now, by what it is. */
  readonly #here = new Map<string, { readonly what: string; readonly number: number }>();
  #last = 0;
  #ms = 0;
  #events = 0;

  get isEmpty(): boolean {
    return this.#last === 0;
  }

  phase({ name, bytes }: FwupdPhase): void {
    let value: unknown;
    try {
      value = parseJson(new Utf8Reader().read(bytes));
    } catch {
      throw new DfuError('MALFORMED', `${name}: expected JSON`);
    }
    if (!isObject(value)) throw new DfuError('MALFORMED', `${name}: expected an object`);
    for (const device of listOf(value['UsbDevices'], MOST_DEVICES)) this.#device(device);
  }

  #device(device: Json): void {
    const id =
      numberOf(device, 'IdVendor', 0xffff) * 0x10000 + numberOf(device, 'IdProduct', 0xffff);
    // Other kinds of device have no ids of USB.
    if (id === 0) return;
    const path = textOf(device, 'PlatformId').slice(0, 255) || '1-1';
    const what = `${id} ${textOf(device, 'Created')}`;
    const before = this.#here.get(path);
    const isSame = before?.what === what;
    const number = isSame ? before.number : this.#arrives(device, path, before?.number);
    this.#here.set(path, { what, number });
    this.#tellAll(device, number);
  }

  #arrives(device: Json, path: string, before: number | undefined): number {
    const isFirst = this.#last === 0;
    this.#last += 1;
    const number = this.#last;
    if (before !== undefined) {
      this.records.push({ type: 'detached', ms: this.#next(STEP_MS), device: before });
      this.#next(RETURN_MS);
    }
    const [, bus = '1'] = /^(\d+)-/.exec(path) ?? [];
    this.records.push({
      type: 'device',
      device: number,
      id: `fwupd:${number}`,
      location: { bus: Number(bus) & 0xffff, address: number & 0x7f, path },
      speed: 'full',
      descriptor: descriptorOf(device),
    });
    if (isFirst) this.records.push({ type: 'list', ms: 0, tookMs: 0, devices: [number] });
    else this.records.push({ type: 'attached', ms: this.#next(STEP_MS), device: number });
    this.records.push({ type: 'open', ms: this.#ms, tookMs: 0, device: number, pipe: number });
    this.#reads(number, DescriptorType.configuration * 256, configurationOf(device));
    this.#reads(number, DescriptorType.string * 256, encodeLanguages([LANGUAGE_ENGLISH]));
    return number;
  }

  #next(ms: number): number {
    this.#ms += ms;
    return this.#ms;
  }

  /** An answer to GET_DESCRIPTOR, as if all that there can be had been asked for. */
  #reads(pipe: number, wValue: number, data: Uint8Array, wIndex = 0): void {
    const bRequest = StandardRequest.GET_DESCRIPTOR;
    const setup = { bmRequestType: DIRECTION_IN, bRequest, wValue, wIndex, wLength: 0xffff };
    this.#transfer(pipe, setup, { end: 'ok', data });
  }

  #transfer(
    pipe: number,
    setup: SetupPacket,
    how: { readonly end: TraceEnd; readonly data?: Uint8Array; readonly taken?: number },
  ): void {
    this.records.push({
      type: 'control',
      ms: this.#next(STEP_MS),
      tookMs: 0,
      pipe,
      setup,
      ...how,
    });
  }

  #tellAll(device: Json, pipe: number): void {
    for (const event of listOf(device['UsbEvents'], MOST_EVENTS)) {
      this.#events += 1;
      if (this.#events > MOST_EVENTS) {
        throw new DfuError('MALFORMED', `recording of fwupd: more than ${MOST_EVENTS} events`);
      }
      this.#event(event, pipe);
    }
  }

  #event(event: Json, pipe: number): void {
    const id = textOf(event, 'Id');
    const answer = fromBase64(textOf(event, 'Data'), 0xffff);
    const end = fwupdEnd(event);
    if (id.startsWith('ControlTransfer:')) {
      const { setup, sent } = fwupdRequest(id);
      const isInput = (setup.bmRequestType & DIRECTION_IN) !== 0;
      const data = isInput ? answer : sent;
      const taken =
        end === 'ok' && !isInput && answer.length < sent.length ? answer.length : undefined;
      const has = end === 'ok' || !isInput;
      this.#transfer(pipe, setup, { end, ...(has && { data }), ...defined({ taken }) });
      return;
    }
    // `GetStringDescriptor:DescIndex=0x03` has the text, padded with NUL; `…Bytes` the descriptor itself.
    const [, bytes, digits = '0'] =
      /^GetStringDescriptor(Bytes)?:DescIndex=0x([0-9a-f]{1,2})\b/.exec(id) ?? [];
    const index = Number.parseInt(digits, 16);
    if (index === 0 || end !== 'ok') return;
    const wValue = DescriptorType.string * 256 + index;
    const data = bytes === undefined ? stringOf(answer) : answer;
    this.#reads(pipe, wValue, data, LANGUAGE_ENGLISH);
  }
}

function stringOf(text: Uint8Array): Uint8Array {
  const end = text.indexOf(0);
  const shown = new Utf8Reader().read(end < 0 ? text : text.subarray(0, end));
  return encodeString(shown.slice(0, STRING_UNITS));
}

function descriptorOf(device: Json): Uint8Array {
  const byte = (name: string): number => numberOf(device, name, 0xff);
  return deviceDescriptor.encode({
    bcdUSB: numberOf(device, 'USB', 0xffff) || 0x0200,
    bDeviceClass: byte('DeviceClass'),
    bDeviceSubClass: byte('DeviceSubClass'),
    bDeviceProtocol: byte('DeviceProtocol'),
    bMaxPacketSize0: 64,
    idVendor: numberOf(device, 'IdVendor', 0xffff),
    idProduct: numberOf(device, 'IdProduct', 0xffff),
    bcdDevice: numberOf(device, 'Device', 0xffff),
    iManufacturer: byte('Manufacturer'),
    iProduct: byte('Product'),
    iSerialNumber: byte('SerialNumber'),
    bNumConfigurations: 1,
  });
}

/** The configuration, put together again of what fwupd has taken apart. */
function configurationOf(device: Json): Uint8Array {
  const [first = {}] = listOf(device['UsbConfigDescriptors'], MOST_DEVICES);
  const head = {
    bConfigurationValue: numberOf(first, 'ConfigurationValue', 0xff) || 1,
    iConfiguration: numberOf(first, 'Configuration', 0xff),
    bmAttributes: 0x80,
    bMaxPower: 50,
  };
  return encodeConfiguration(head, listOf(device['UsbInterfaces'], MOST_DEVICES).map(settingOf));
}

function settingOf(setting: Json): SettingParts {
  const byte = (name: string): number => numberOf(setting, name, 0xff);
  const extra = fromBase64(textOf(setting, 'ExtraData'), 4096);
  const parts = [...walkDescriptors(extra, () => {})].map(({ bytes }) => bytes);
  return {
    descriptor: {
      bInterfaceNumber: byte('InterfaceNumber'),
      bAlternateSetting: byte('AlternateSetting'),
      bNumEndpoints: 0,
      bInterfaceClass: byte('InterfaceClass'),
      bInterfaceSubClass: byte('InterfaceSubClass'),
      bInterfaceProtocol: byte('InterfaceProtocol'),
      iInterface: byte('Interface'),
    },
    extra: parts,
  };
}
