import type { DataAnswer, SetupAnswer, SetupPacket, SettingParts } from '../../usb/index.ts';

/** What a function gets from the device that it is part of. */
export interface FunctionHost {
  /** Index of a string, put into the device's table on first use (USB 2.0 §9.6.7). */
  string(text: string): number;
  /** Index of a string whose text is asked for each time the host reads it; more than 126 units are cut. */
  text(read: () => string): number;
  /** Leave the bus (soft disconnect). */
  detach(): void;
  /** Come back to the bus. */
  attach(): void;
  /** The answer to a transfer that this function held; ignored if the host has given it up. */
  resume(answer: SetupAnswer): void;
  log(line: string): void;
}

/**
 * A function of a USB device: one or more interfaces and the class behind them. The device handles
 * chapter 9 and hands over what is for this function's interfaces.
 */
export interface UsbFunction {
  /** The driver that Windows is to take for it, as Microsoft OS descriptors name it: `WINUSB`. */
  readonly compatibleId?: string | undefined;
  /** Called once. Interfaces are numbered from `firstInterface`; the answer is their settings. */
  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[];
  /** A class or vendor request to one of its interfaces. */
  setup(packet: SetupPacket): SetupAnswer;
  data(bytes: Uint8Array): DataAnswer;
  /** The status stage of a request that went to this function has ended. */
  done(): void;
  /** The host gave up the transfer that this function was in (USB 2.0 §5.5.5); `done` will not come. */
  abandoned?(): void;
  /** The descriptor of that type and index, for GET_DESCRIPTOR with interface recipient or of a type of its own. */
  descriptor?(type: number, index: number): Uint8Array | undefined;
  /** The host selected an alternate that exists. False refuses it with a stall. */
  alternate(interfaceNumber: number, alternate: number): boolean;
  /** The configuration was selected (again); all alternates are 0. */
  configured(): void;
  /** Bus reset: address 0, not configured. */
  reset(): void;
  /** The host reads the device descriptor as hosts do when a reset begins; programs may, too. */
  lookedAt?(): void;
  /** The power came back after it was gone. */
  powerOn?(): void;
  /** As `UsbDevice.tick`: when to call again at the latest, in ms; `Infinity` for no need. */
  tick(nowMs: number): number;
}
