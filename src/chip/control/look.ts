import type { ControlHost } from './control-host.ts';
import {
  CONFIGURATION_DESCRIPTOR,
  DEVICE_DESCRIPTOR,
  getDescriptor,
  setAddress,
} from './standard-requests.ts';

/** What a device has said of itself. */
export interface SeenDescriptors {
  /** 18 bytes. */
  readonly device: Uint8Array;
  /** Each whole, as long as its wTotalLength says. */
  readonly configurations: readonly Uint8Array[];
}

/** A device is somebody else's: how much it may say. */
const MOST_CONFIGURATIONS = 8;
const DEVICE_BYTES = 18;
const HEAD_BYTES = 9;
/** USB 2.0 table 9-8: bMaxPacketSize0. */
const PACKET_SIZES: ReadonlySet<number> = new Set([8, 16, 32, 64]);

type Then = (bytes: Uint8Array) => void;

/**
 * Asks a device that was just reset what it is, as a host does: its device descriptor, an address, all configurations. `seen`
 * hears of them, or why they could not be had; it hears nothing if the transfers are lost.
 */
export function lookAt(
  control: ControlHost,
  seen: (descriptors: SeenDescriptors | string) => void,
): void {
  const ask = (what: string, setup: Uint8Array, then: Then): void =>
    control.ask({
      setup,
      ended: (result) => {
        if (result.end === 'in') then(result.bytes);
        else if (result.end === 'done') then(new Uint8Array(0));
        else if (result.end === 'stall') seen(`it refuses ${what}`);
      },
    });
  const device = (length: number): Uint8Array => getDescriptor(DEVICE_DESCRIPTOR, 0, length);
  ask('its device descriptor', device(64), (first) => {
    const packetBytes = first[7] ?? 0;
    if (
      (first[0] ?? 0) < DEVICE_BYTES ||
      first[1] !== DEVICE_DESCRIPTOR ||
      !PACKET_SIZES.has(packetBytes)
    ) {
      seen(
        `expected a device descriptor with packets of 8, 16, 32 or 64 bytes, got ${show(first)}`,
      );
      return;
    }
    control.packetBytes = packetBytes;
    ask('its address', setAddress(1), () =>
      ask('its device descriptor', device(DEVICE_BYTES), (whole) => {
        if (whole.length === DEVICE_BYTES && whole[0] === first[0]) configurations(whole);
        else seen(`expected a device descriptor of ${DEVICE_BYTES} bytes, got ${show(whole)}`);
      }),
    );
  });

  function configurations(whole: Uint8Array): void {
    const count = Math.min(whole[17] ?? 0, MOST_CONFIGURATIONS);
    const found: Uint8Array[] = [];
    const next = (): void => {
      const index = found.length;
      if (index >= count) {
        seen({ device: whole, configurations: found });
        return;
      }
      const what = `configuration descriptor ${index}`;
      const get = (length: number): Uint8Array =>
        getDescriptor(CONFIGURATION_DESCRIPTOR, index, length);
      ask(what, get(HEAD_BYTES), (head) => {
        const totalBytes = (head[2] ?? 0) + (head[3] ?? 0) * 256;
        if (
          (head[0] ?? 0) < HEAD_BYTES ||
          head[1] !== CONFIGURATION_DESCRIPTOR ||
          totalBytes < HEAD_BYTES
        ) {
          seen(`expected a ${what}, got ${show(head)}`);
          return;
        }
        ask(what, get(totalBytes), (bytes) => {
          if (bytes.length === totalBytes) {
            found.push(bytes);
            next();
          } else seen(`expected a ${what} of ${totalBytes} bytes, got ${bytes.length}`);
        });
      });
    };
    next();
  }
}

function show(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing';
  const text = Array.from(bytes.subarray(0, DEVICE_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join(' ');
  return `${bytes.length} bytes: ${text}`;
}
