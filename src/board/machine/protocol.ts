import type { ControlEnd, CoreFault, SeenDescriptors } from '../../chip/index.ts';
import type { DebugAnswer, DebugRequest, DebugStop } from '../debug/target.ts';

// What goes between a board and a chip that may be in another thread: plain data, in order.

/** What the board tells the chip. */
export type MachineOrder =
  /** The USB cable is in, or out. */
  | { readonly type: 'cable'; readonly in: boolean }
  | { readonly type: 'bus-reset' }
  /** A control transfer; the one before is given up. */
  | {
      readonly type: 'submit';
      readonly id: number;
      readonly setup: Uint8Array;
      readonly data?: Uint8Array | undefined;
    }
  | { readonly type: 'configure'; readonly value: number }
  | { readonly type: 'alternate'; readonly interfaceNumber: number; readonly alternate: number }
  /** Bytes for the console's UART. */
  | { readonly type: 'input'; readonly bytes: Uint8Array }
  /** A button: the level that it drives its pin to. */
  | { readonly type: 'pin'; readonly name: string; readonly level: boolean | undefined }
  /** `pong` is the answer, at once. */
  | { readonly type: 'ping' }
  | { readonly type: 'ask'; readonly id: number; readonly request: DebugRequest }
  | { readonly type: 'halt' }
  | { readonly type: 'resume'; readonly how: 'run' | 'step' }
  /** A debugger has changed the flash. */
  | { readonly type: 'flash-changed'; readonly offsetBytes: number; readonly lengthBytes: number };

/** What the chip tells the board. */
export type MachineNotice =
  /** A device is on the bus, and this is what it says of itself. */
  | ({ readonly type: 'attached' } & SeenDescriptors)
  | { readonly type: 'detached' }
  | { readonly type: 'ended'; readonly id: number; readonly result: ControlEnd }
  /** For whoever watches the link. */
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'console'; readonly bytes: Uint8Array }
  | { readonly type: 'pin'; readonly name: string; readonly level: boolean | undefined }
  /** For people, at the console: what works here and not on every chip. */
  | { readonly type: 'warn'; readonly words: string }
  | { readonly type: 'fault'; readonly fault: CoreFault }
  /** The chip is over: it resets itself, or somebody else takes over at that address. */
  | { readonly type: 'reset'; readonly cause: 'software' | 'watchdog' }
  | { readonly type: 'jump'; readonly address: number }
  | { readonly type: 'pong' }
  | { readonly type: 'answer'; readonly id: number; readonly answer: DebugAnswer }
  | { readonly type: 'stopped'; readonly stop: DebugStop };
