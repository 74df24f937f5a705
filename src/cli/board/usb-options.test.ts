import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addUsbOptions, usbOptionsOf } from './usb-options.ts';
import type { UsbCommandOptions } from './usb-options.ts';

function read(...args: readonly string[]): unknown {
  const command = addUsbOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr() {} });
  command.parse([...args], { from: 'user' });
  return usbOptionsOf(command.opts<UsbCommandOptions>());
}

describe('what a board says on USB, on the command line', () => {
  test.each([
    [[], { policy: {} }],
    [['--no-ms-os'], { msOs: false, policy: {} }],
    [['--no-webusb', '--no-serial-string'], { webUsb: false, serialString: false, policy: {} }],
    [['--landing-page', 'https://a.test'], { landingPage: 'https://a.test', policy: {} }],
    [
      ['--detach-needs', 'button', '--upload-needs', 'unlock'],
      { policy: { detach: 'button', upload: 'unlock' } },
    ],
  ])('%j', (args, expected) => {
    expect(read(...args)).toEqual(expected);
  });

  test('a demand that no board knows', () => {
    expect(() => read('--detach-needs', 'luck')).toThrow(/Allowed choices are button, unlock/);
  });
});
