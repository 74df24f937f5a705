import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addImageOptions } from './image-options.ts';
import type { ImageCommandOptions } from './image-options.ts';

function read(...args: readonly string[]): ImageCommandOptions {
  const command = addImageOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr() {} });
  command.parse([...args], { from: 'user' });
  return command.opts<ImageCommandOptions>();
}

describe('which images a board takes, on the command line', () => {
  test.each([
    [[], { imageCheck: true }],
    [['--no-image-check'], { imageCheck: false }],
    [['--refuse-older'], { imageCheck: true, refuseOlder: 'version' }],
    [['--refuse-older', 'security-counter'], { imageCheck: true, refuseOlder: 'security-counter' }],
    [
      ['--image-vendor', 'example.com', '--image-class', 'lamp'],
      { imageCheck: true, imageVendor: 'example.com', imageClass: 'lamp' },
    ],
  ])('%j', (args, expected) => {
    expect(read(...args)).toEqual(expected);
  });

  test('an age that no bootloader knows', () => {
    expect(() => read('--refuse-older', 'colour')).toThrow(
      /Allowed choices are version, security-counter/,
    );
  });
});
