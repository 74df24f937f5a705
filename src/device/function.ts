import type { DataAnswer, SetupAnswer, SetupPacket, SettingParts } from '../usb/index.ts';

/** What a function gets from the device that it is part of. */
export interface FunctionHost {
  /** Index of a string, put into the device's table on first use (USB 2.0 §9.6.7). */
  string(text: string): number;
  /** Leave the bus (soft disconnect). */
  detach(): void;
  /** Come back to the bus. */
  attach(): void;
  /** The answer to a transfer that this function held. */
  resume(answer: SetupAnswer): void;
  log(line: string): void;
}

/**
 * A function of a USB device: one or more interfaces and the class behind them. The device handles
 * chapter 9 and hands over what is for this function's interfaces.
 */
export interface UsbFunction {
  /** Called once. Interfaces are numbered from `firstInterface`; the answer is their settings. */
  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[];
  /** A class or vendor request to one of its interfaces. */
  setup(packet: SetupPacket): SetupAnswer;
  data(bytes: Uint8Array): DataAnswer;
  /** The status stage of a request that went to this function has ended. */
  done(): void;
  /** The descriptor of that type and index, for GET_DESCRIPTOR with interface recipient or of a type of its own. */
  descriptor?(type: number, index: number): Uint8Array | undefined;
  /** The host selected an alternate that exists. False refuses it with a stall. */
  alternate(interfaceNumber: number, alternate: number): boolean;
  /** The configuration was selected (again); all alternates are 0. */
  configured(): void;
  reset(): void;
  tick(nowMs: number): number;
}
