import { afterEach, expect } from 'vitest';
import { fromHex } from '../../src/bytes/index.ts';
import { UsbipServer } from '../../src/link/usbip/index.ts';
import type { ExportedDevice, UsbipServerOptions } from '../../src/link/usbip/index.ts';
import {
  BUS_ID_BYTES,
  deviceRecord,
  operationHeader,
  submitCommand,
  submitReply,
} from '../../src/link/usbip/protocol.ts';
import type { SubmitCommand, SubmitReply } from '../../src/link/usbip/protocol.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import type { SetupPacket } from '../../src/usb/index.ts';
import { ScriptedDevice } from './scripted-device.ts';
import { RawPeer } from './sockets.ts';

// A USB/IP server with a scripted device, and a peer that speaks to it packet by packet.

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

export interface Bench {
  readonly clock: VirtualClock;
  readonly server: UsbipServer;
  readonly device: ScriptedDevice;
  readonly exported: ExportedDevice;
  readonly port: number;
  readonly log: string[];
}

export async function bench(options: Partial<UsbipServerOptions> = {}): Promise<Bench> {
  const clock = new VirtualClock();
  const log: string[] = [];
  const server = new UsbipServer({ clock, port: 0, log: (line) => log.push(line), ...options });
  closers.push(() => server.close());
  const { port } = await server.listen();
  const device = new ScriptedDevice();
  const exported = server.add(device);
  return { clock, server, device, exported, port, log };
}

export async function dial({ port }: Bench): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  closers.push(() => {
    peer.socket.destroy();
  });
  return peer;
}

export const importOf = (busId: string): Uint8Array => {
  const bytes = new Uint8Array(8 + BUS_ID_BYTES);
  bytes.set(fromHex('0111800300000000'));
  bytes.set(Buffer.from(busId, 'latin1'), 8);
  return bytes;
};

/** A peer that has imported the device. */
export async function importer(all: Bench): Promise<RawPeer> {
  const peer = await dial(all);
  peer.send(importOf('1-1'));
  const reply = await peer.take(8 + 312);
  expect(operationHeader.decode(reply)).toEqual({ version: 0x0111, code: 3, status: 0 });
  expect(deviceRecord.decode(reply, 8)).toMatchObject({ busId: '1-1', idProduct: 0x7d02 });
  return peer;
}

export const vendorIn = (bRequest: number, wLength: number): SetupPacket => ({
  bmRequestType: 0xc0,
  bRequest,
  wValue: 0,
  wIndex: 0,
  wLength,
});
export const vendorOut = (bRequest: number, wLength: number, wValue = 0): SetupPacket => ({
  bmRequestType: 0x40,
  bRequest,
  wValue,
  wIndex: 0,
  wLength,
});

export function submit(
  all: Bench,
  sequence: number,
  setup: SetupPacket,
  changes: Partial<SubmitCommand> = {},
): Uint8Array {
  return submitCommand.encode({
    command: 1,
    sequence,
    deviceId: all.exported.deviceId,
    direction: setup.bmRequestType >> 7,
    endpoint: 0,
    flags: 0,
    length: setup.wLength,
    startFrame: 0,
    packets: 0xffffffff,
    interval: 0,
    setup,
    ...changes,
  });
}

export async function replyOf(peer: RawPeer): Promise<SubmitReply> {
  return submitReply.decode(await peer.take(48));
}
