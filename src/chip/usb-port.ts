/** What a device controller answers to a token. `none`: nobody answers (not attached, in reset, other address). */
export type InAnswer =
  | { readonly type: 'data'; readonly bytes: Uint8Array; readonly pid: 0 | 1 }
  | { readonly type: 'nak' | 'stall' | 'none' };
export type OutAnswer = 'ack' | 'nak' | 'stall' | 'none';

/**
 * A chip's USB device controller, seen from the host's end of the cable: nothing moves before a token comes
 * (USB 2.0 §8.4.1, §8.5). Only what control transfers need.
 */
export interface UsbPort {
  /** The data line is pulled up: a device is there. */
  readonly pulledUp: boolean;
  /** Power on the bus. */
  setVbus(on: boolean): void;
  /** The host drives a bus reset, for as long as the specification wants. */
  busReset(): void;
  /** Whether firmware has seen the bus reset: no token is sent before. */
  readonly inReset: boolean;
  /** SETUP to endpoint 0, with eight bytes. `nak` here is "not yet": a SETUP before this has not been looked at. */
  setup(address: number, packet: Uint8Array): 'ack' | 'nak' | 'none';
  in(address: number, endpoint: number): InAnswer;
  out(address: number, endpoint: number, bytes: Uint8Array, pid: 0 | 1): OutAnswer;
}
