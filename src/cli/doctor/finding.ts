import type { FoundDevice } from './found-device.ts';

/** What may be wrong. These words are API: scripts ask for them. */
type Problem =
  // with this computer
  | 'no-usb'
  | 'container-no-sysfs'
  | 'container-no-usbfs'
  | 'no-usbfs'
  | 'wsl-no-usb'
  | 'package-missing'
  | 'platform-package-missing'
  | 'platform-unsupported'
  | 'no-udevd'
  | 'snap-confined'
  | 'flatpak-confined'
  | 'server-unreachable'
  // with a device
  | 'no-permission'
  | 'container-forbids'
  | 'read-only'
  | 'no-device-node'
  | 'claimed'
  | 'kernel-driver'
  | 'lent-out'
  | 'other-driver'
  | 'not-authorized'
  | 'not-configured'
  | 'not-readable';

/** How it is mended on this computer. */
export interface Remedy {
  /** One sentence. */
  readonly words: string;
  /** What to type, line by line; empty if there is nothing to type. */
  readonly commands: readonly string[];
  /** The line for a file in /etc/udev/rules.d, where it is one. */
  readonly udevRule?: string | undefined;
}

/** One thing that was found out. */
export interface Finding {
  /** `ok`: works; `note`: works, but; `problem`: does not. */
  readonly level: 'ok' | 'note' | 'problem';
  readonly problem?: Problem | undefined;
  /** One sentence, without a full stop. */
  readonly message: string;
  /** The device that it is about; undefined for the computer. */
  readonly device?: FoundDevice | undefined;
  readonly remedy?: Remedy | undefined;
}

/** A finding that something does not work. */
export function problem(
  code: Problem,
  message: string,
  how: Remedy,
  device?: FoundDevice,
): Finding {
  return { level: 'problem', problem: code, message, remedy: how, device };
}

/** What is to be done, and what to type for it. */
export function remedy(words: string, ...commands: readonly string[]): Remedy {
  return { words, commands };
}
