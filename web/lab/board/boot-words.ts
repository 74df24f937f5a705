import type { BoardEvent, BootReason } from 'dfukit/board';

export type BootEvent = Extract<BoardEvent, { readonly type: 'boot' }>;

const causes: Readonly<Record<BootEvent['cause'], string>> = {
  'power-on': 'After power-on',
  'reset-pin': 'After the reset button',
  watchdog: 'After the watchdog',
  software: 'After a reset by software',
};

const reasons: Readonly<Record<BootReason, string>> = {
  'newest slot': 'it has the newest image whose header is right',
  'no valid slot': 'no slot has an image whose header is right',
  button: 'the button was held at reset',
  'magic number': 'a program has left the word in RAM that asks for it',
  'primary slot': 'the image in the primary slot passes every check, and nothing is to be swapped',
  'test swap':
    'an update was asked for on trial: the slots were swapped, and will be back after the next reset unless the image confirms itself',
  'permanent swap': 'an update was asked for, for good: the slots were swapped',
  revert: 'the image on trial has not confirmed itself: the slots were swapped back',
  'no bootable image': 'no slot has an image that passes every check',
  'bootloader stopped': 'the bootloader has stopped itself',
  'no bootloader': 'there is no bootloader: what stands at the beginning of the flash runs',
  'erased flash': 'the flash is erased: nothing is there to run',
  application: 'an application is at the beginning of the flash',
  'no application': 'no application is at the beginning of the flash, so the loader in ROM runs',
  'left the loader': 'the loader in ROM was told to leave',
  'jump to the loader': 'a program called the loader in ROM',
  'what is in flash': 'the chip starts what is in flash, by itself',
};

/** What the bootloader decided, and why, in a sentence. */
export function bootWords({ cause, mode, slot, version, why }: BootEvent): string {
  return `${causes[cause]} ${whatRuns(mode, slot, version)}: ${reasons[why]}.`;
}

function whatRuns(mode: BootEvent['mode'], slot?: number, version?: BootEvent['version']): string {
  if (mode === 'dfu') return 'the board waits in DFU mode';
  if (mode === 'none') return 'nothing runs';
  const where = slot === undefined ? '' : ` of slot ${slot}`;
  const which = version === undefined ? '' : `, version ${version},`;
  return `the application${where}${which} runs`;
}
