import { describe, expect, test } from 'vitest';
import { boardModels, bootloadersOf } from '../../board/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import { pin, refuseUseless, webPage } from './option-fit.ts';
import type { BootloaderChoices } from './option-fit.ts';

const dfu = ['riotboot_dfu'];
const options: readonly (readonly [string, BootloaderChoices, readonly string[]])[] = [
  ['--algorithm', { algorithm: 'swap-using-move' }, ['mcuboot']],
  ['--key', { key: ['k.pem'] }, ['mcuboot']],
  ['--guarded', { guarded: true }, ['mcuboot']],
  ['--image-vendor', { imageVendor: 'x' }, ['mcuboot']],
  ['--image-class', { imageClass: 'x' }, ['mcuboot']],
  ['--no-image-check', { imageCheck: false }, ['riotboot_dfu', 'mcuboot']],
  ['--refuse-older', { refuseOlder: 'version' }, ['riotboot_dfu', 'mcuboot']],
  ['--refuse-older security-counter', { refuseOlder: 'security-counter' }, ['mcuboot']],
  ['--keep-bootable', { keepBootable: true }, dfu],
  ['--btn-pin', { btnPin: 'P0.11' }, dfu],
  ['--btn-mode', { btnMode: 'GPIO_IN_PU' }, dfu],
  ['--btn-ext-pullup', { btnExtPullup: true }, dfu],
  ['--btn-none', { btnNone: true }, dfu],
  ['--stand-in confirm', { standIn: [{ confirmMs: 1 }] }, ['mcuboot']],
  ['--stand-in upgrade', { standIn: [{ upgrade: { afterMs: 1 } }] }, ['mcuboot']],
];

/** Every option with every bootloader of every board. */
const cases = boardModels.flatMap((model) =>
  bootloadersOf(model).flatMap((record) =>
    options.map(([option, given, had]) => ({ model, record, option, given, had })),
  ),
);

describe('an option that does nothing', () => {
  test.each(cases)('$model.name, $record.name: $option', ({ record, option, given, had }) => {
    let said = '';
    try {
      refuseUseless(record, given);
    } catch (error) {
      said = (error as Error).message;
    }
    const wrong = `${record.name} has no ${option}: it would do nothing`;
    expect(said).toBe(had.includes(record.name) ? '' : wrong);
  });

  test.each([
    [['reel_board', '--keep-bootable'], 'mcuboot has no --keep-bootable'],
    [['reel_board', '--bootloader', 'none', '--key', 'k.pem'], 'none has no --key'],
    [['particle-xenon', '--guarded'], 'riotboot_dfu has no --guarded'],
    [['stm32f072b_disco', '--no-image-check'], 'stm32-rom has no --no-image-check'],
    [['particle-xenon', '--btn-pin', 'zz'], '--btn-pin: expected a pin'],
    [['particle-xenon', '--stand-in', 'confirm=1s'], 'riotboot_dfu has no --stand-in confirm'],
    [['reel_board', '--stand-in', 'slient'], 'no word "slient", did you mean "silent"?'],
    [['reel_board', '--stand-in', 'slot=2:usb-dfu'], 'stand-in for slot 2: expected one below 2'],
    [['particle-xenon', '--landing-page', 'foo'], '--landing-page: expected a page'],
  ])('is refused: board run %j', async (args, words) => {
    const { exit, err } = await ran(['board', 'run', ...args]);
    expect(exit).toBe(64);
    expect(err).toContain(words);
  });

  test('pins and pages are read as they are', () => {
    expect([pin('PC13'), webPage('https://example.org/x')]).toEqual([
      'PC13',
      'https://example.org/x',
    ]);
  });
});
