import { encodeUtf8, viewOf } from '../bytes/index.ts';
import {
  DIRECTION_IN,
  DescriptorType,
  Recipient,
  StandardRequest,
  deviceDescriptor,
  isIn,
  setupPacket,
} from '../usb/index.ts';
import type { SetupPacket } from '../usb/index.ts';
import type { ControlRecord, DeviceRecord, TraceEnd, TraceHeader, TraceRecord } from './trace.ts';

/*
 * pcapng (draft-ietf-opsawg-pcapng §4), little-endian, with packets as Linux's usbmon has them
 * (Documentation/usb/usbmon.rst, "Raw binary format and API"; LINKTYPE_USB_LINUX_MMAPPED).
 */

/** LINKTYPE_USB_LINUX_MMAPPED: 64 bytes of usbmon in front of each packet. */
const LINKTYPE_USB_LINUX_MMAPPED = 220;

const Block = { section: 0x0a0d_0d0a, interface: 1, packet: 6 } as const;
const BYTE_ORDER = 0x1a2b_3c4d;
const Option = { end: 0, comment: 1, interfaceName: 2, application: 4 } as const;

/** usbmon's `struct usbmon_packet`: what lies where. */
const HEADER_BYTES = 64;
const XFER_CONTROL = 2;
const ENDPOINT_IN = 0x80;
const Present = { setup: 0, data: 0, none: 0x2d, in: 0x3c, out: 0x3e } as const;

/** Errors of Linux as usbmon has them, negative. */
const IN_PROGRESS = -115;
const status: Readonly<Record<TraceEnd, number>> = {
  ok: 0,
  stall: -32, // EPIPE
  timeout: -2, // ENOENT: the host took it back when its time was up
  gone: -108, // ESHUTDOWN
  cancelled: -104, // ECONNRESET
  failed: -71, // EPROTO
};

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + padded(value.length));
  const view = viewOf(bytes);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

/** Options with their end; none where there are none. */
function options(...texts: readonly (readonly [code: number, text: string])[]): Uint8Array[] {
  if (texts.length === 0) return [];
  const parts = texts.map(([code, text]) => option(code, encodeUtf8(text).subarray(0, 65_535)));
  return [...parts, option(Option.end, new Uint8Array(0))];
}

function block(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + padded(part.length), 12);
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  view.setUint32(0, type, true);
  view.setUint32(4, size, true);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += padded(part.length);
  }
  view.setUint32(size - 4, size, true);
  return bytes;
}

function sectionBlock(tool: string): Uint8Array {
  const head = new Uint8Array(16);
  const view = viewOf(head);
  view.setUint32(0, BYTE_ORDER, true);
  view.setUint16(4, 1, true); // version 1.0
  view.setBigInt64(8, -1n, true); // how long the section is, nobody knows
  return block(Block.section, head, ...options([Option.application, tool]));
}

function interfaceBlock(): Uint8Array {
  const head = new Uint8Array(8);
  viewOf(head).setUint16(0, LINKTYPE_USB_LINUX_MMAPPED, true);
  return block(Block.interface, head, ...options([Option.interfaceName, 'dfukit']));
}

/** Packets of a trace as it comes. */
export interface PcapngWriter {
  /** What the file begins with. */
  readonly start: Uint8Array;
  /** The blocks of a record; none for what is no transfer, which becomes a comment of the next packet. */
  add(record: TraceRecord): Uint8Array[];
}

interface Packet {
  readonly submits: boolean;
  readonly ms: number;
  readonly id: number;
  readonly device: DeviceRecord | undefined;
  readonly setup: SetupPacket;
  readonly status: number;
  readonly data: Uint8Array;
  readonly lengthBytes: number;
  readonly comments: readonly string[];
}

/**
 * Writes a trace as pcapng: two packets a transfer, as it was submitted and as it ended, that Wireshark decodes as
 * USB; in front of each device the request for its descriptor. Payload that was left out is of length 0 there.
 */
export function pcapngWriter(header: Pick<TraceHeader, 'tool' | 'started'>): PcapngWriter {
  const startMs = header.started === undefined ? 0 : Date.parse(header.started);
  const devices = new Map<number, DeviceRecord>();
  const pipes = new Map<number, number>();
  let comments: string[] = [];
  let last = 0;
  let latestMs = 0;

  /** Systems ask for it when a device comes, before anybody traces: without it Wireshark knows no vendor. */
  const identity = (device: DeviceRecord): Uint8Array[] => {
    comments = [...comments, 'as the bus has it, not as it was asked for'];
    const data = device.descriptor.subarray(0, deviceDescriptor.size);
    return transfer(
      { ms: latestMs, tookMs: 0, pipe: 0, setup: asksIdentity, end: 'ok', data },
      device,
    );
  };

  const transfer = (
    record: Omit<ControlRecord, 'type'>,
    device = devices.get(pipes.get(record.pipe) ?? 0),
  ): Uint8Array[] => {
    const { ms, tookMs, setup, end, data = new Uint8Array(0) } = record;
    last += 1;
    latestMs = ms + tookMs;
    const out = !isIn(setup);
    const common = { id: last, device, setup };
    const none = new Uint8Array(0);
    const before = comments;
    comments = [];
    const submitted = packetBlock({
      ...common,
      submits: true,
      ms: startMs + ms,
      status: IN_PROGRESS,
      data: out ? data : none,
      lengthBytes: setup.wLength,
      comments: before,
    });
    const completed = packetBlock({
      ...common,
      submits: false,
      ms: startMs + ms + tookMs,
      status: status[end],
      data: out ? none : data,
      lengthBytes: out ? (end === 'ok' ? (record.taken ?? setup.wLength) : 0) : data.length,
      comments: record.error === undefined ? [] : [record.error.message],
    });
    return [submitted, completed];
  };

  return {
    start: join([sectionBlock(header.tool), interfaceBlock()]),
    add(record) {
      if (record.type === 'control') return transfer(record);
      if (record.type === 'alternate') {
        const { ms, tookMs, pipe, error } = record;
        const end = error === undefined ? 'ok' : (ends[error.code] ?? 'failed');
        return transfer({ ms, tookMs, pipe, setup: selects(record), end, error });
      }
      if ('ms' in record) latestMs = record.ms;
      if (record.type === 'device') {
        devices.set(record.device, record);
        return identity(record);
      }
      if (record.type === 'open') pipes.set(record.pipe, record.device);
      const comment = commentOf(record);
      // What nobody packs into a packet any more is no matter; a bus that comes and goes is not kept.
      if (comment !== undefined) comments = [...comments.slice(-(MOST_COMMENTS - 1)), comment];
      return [];
    },
  };
}

/** GET_DESCRIPTOR of the device descriptor. */
const asksIdentity: SetupPacket = {
  bmRequestType: DIRECTION_IN,
  bRequest: StandardRequest.GET_DESCRIPTOR,
  wValue: DescriptorType.device * 256,
  wIndex: 0,
  wLength: deviceDescriptor.size,
};

const MOST_COMMENTS = 16;

const ends: Readonly<Record<string, TraceEnd>> = {
  STALLED: 'stall',
  TIMEOUT: 'timeout',
  DISCONNECTED: 'gone',
  ABORTED: 'cancelled',
};

function selects({
  interface: wIndex,
  alternate,
}: {
  interface: number;
  alternate: number;
}): SetupPacket {
  const bRequest = StandardRequest.SET_INTERFACE;
  return { bmRequestType: Recipient.interface, bRequest, wValue: alternate, wIndex, wLength: 0 };
}

function commentOf(record: TraceRecord): string | undefined {
  if (record.type === 'note') return record.text;
  if (record.type === 'attached' || record.type === 'detached') {
    return `device ${record.device} ${record.type}`;
  }
  if (record.type === 'claim' || record.type === 'release') {
    const failed = record.error === undefined ? '' : `: ${record.error.message}`;
    return `${record.type} interface ${record.interface}${failed}`;
  }
  if (record.type !== 'reset') return undefined;
  return `reset of the port: ${record.port ?? record.error?.message ?? 'failed'}`;
}

function packetBlock(packet: Packet): Uint8Array {
  const { submits, id, device, setup, data, lengthBytes } = packet;
  const body = new Uint8Array(HEADER_BYTES + data.length);
  const view = viewOf(body);
  const input = isIn(setup);
  const us = Math.round(packet.ms * 1000);
  view.setBigUint64(0, BigInt(id), true);
  body[8] = (submits ? 'S' : 'C').charCodeAt(0);
  body[9] = XFER_CONTROL;
  body[10] = input ? ENDPOINT_IN : 0;
  body[11] = (device?.location.address ?? 0) & 0x7f;
  view.setUint16(12, device?.location.bus ?? 0, true);
  body[14] = submits ? Present.setup : Present.none;
  body[15] = flagOf({ submits, input, length: data.length });
  view.setBigInt64(16, BigInt(Math.floor(us / 1_000_000)), true);
  view.setInt32(24, us % 1_000_000, true);
  view.setInt32(28, packet.status, true);
  view.setUint32(32, lengthBytes, true);
  view.setUint32(36, data.length, true);
  if (submits) setupPacket.encodeInto(setup, body, 40);
  body.set(data, HEADER_BYTES);
  const head = new Uint8Array(20);
  const fields = viewOf(head);
  fields.setUint32(4, Math.floor(us / 0x1_0000_0000), true);
  fields.setUint32(8, us % 0x1_0000_0000, true);
  fields.setUint32(12, body.length, true);
  fields.setUint32(16, body.length, true);
  const told = packet.comments.map((text) => [Option.comment, text] as const);
  return block(Block.packet, head, body, ...options(...told));
}

/** usbmon says of a packet without data whether it is because of the direction. */
function flagOf(of: {
  readonly submits: boolean;
  readonly input: boolean;
  readonly length: number;
}): number {
  if (of.length > 0 || of.input !== of.submits) return Present.data;
  return of.input ? Present.in : Present.out;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A whole trace as a pcapng file. */
export function encodePcapng(header: TraceHeader, records: readonly TraceRecord[]): Uint8Array {
  const writer = pcapngWriter(header);
  return join([writer.start, ...records.flatMap((record) => writer.add(record))]);
}
