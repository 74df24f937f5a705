/**
 * Every sentence that a flow says, in English, by its id; `{name}` is where a value goes. Ids are API: they stay within a
 * major version, and so do the names of their values. What the host or a device says in its own words is `{words}`.
 */
export const FLOW_TEXTS = {
  // what is missing before anything can begin
  'no-usb': 'There is no USB here: {words}',
  'no-device': 'No device in DFU mode, and none that can go there, was found.',
  'not-readable': 'A device is there, and it cannot be looked into: {words}',
  'not-dfu': '{device} has no firmware update over USB (DFU).',
  'other-device': '{device} is not a device that this firmware is for. Expected: {expected}.',
  'connect-failed': 'The device could not be connected: {words}',
  'device-left': 'The device was unplugged.',

  // what was to be chosen, and could not
  'part-not-loaded': 'Nothing was sent: {words}.',
  'file-not-fetched': 'The file {name} could not be loaded: {words}',
  'file-too-large': 'The file {name} has {bytes} bytes; {most} at most are taken.',
  'file-not-as-listed':
    'The file {name} is not the one that the manifest lists, and is not sent: {words}',
  'erase-not-possible': 'Everything is to be erased first, and the device cannot do that.',
  'file-refused': 'This file is not sent: {words}',
  'too-old':
    'Version {version} is for devices that run {minimum} or newer, and this one runs {runs}: install {minimum} first.',
  'perhaps-too-old':
    'Version {version} is for devices that run {minimum} or newer; which one this device runs is not known.',

  // what a file is
  'format-mcuboot': 'Firmware image for MCUboot, {bytes} bytes.',
  'format-riotboot': 'Firmware image for riotboot, {bytes} bytes.',
  'format-dfuse': 'DfuSe file, {bytes} bytes of firmware.',
  'format-segments': '{format} file, {bytes} bytes of firmware.',
  'format-binary': 'Plain binary, {bytes} bytes.',
  'format-cortex-m': 'Program for a Cortex-M processor, {bytes} bytes.',
  'format-erased': 'Nothing but erased flash (0xff), {bytes} bytes.',
  'format-damaged': 'The image is damaged: {words}',
  'version-image': 'Version {version} by the image itself.',
  'version-suffix': 'Release {version} by its DFU suffix.',
  'version-release': 'Version {version} of {product}.',
  'board-said':
    'That the device is {board} was said by a person: in this mode it does not tell which board it is.',
  'hash-good': 'The file is the one that the manifest lists (size and SHA-256 agree).',
  'hash-image-good': 'The image is whole: its own hash agrees.',
  'hash-image-bad': 'The image is damaged: its own hash does not agree.',
  'signature-good': 'Signed by the expected key {key}.',
  'signature-bad': 'The signature is wrong: the image was changed after it was signed.',
  'signature-other': 'Signed by another key than the one that is expected.',
  'signature-none': 'Not signed, and a signature is expected.',
  'signature-named':
    'It says that it is signed by key {key}, as the manifest asks; that could not be checked.',
  'signature-unknown': 'Signed by a key that is not known here.',
  'signature-plain': 'Not signed.',
  'fit-memory': 'It fits into the memory that the device tells of.',
  'fit-bad': 'It does not fit: {words}',
  'fit-unknown': 'Whether it fits is not known: the device does not tell how much room it has.',
  'fit-later': 'Whether it fits is known once the device is in DFU mode.',
  'target-alternate': 'It goes to "{name}" (alternate setting {alternate}).',
  'target-likely': 'It goes to {address}, where it belongs by its own vector table.',
  'target-choose': 'The device has several places for firmware: say which one it is for.',
  'target-later': 'Where it goes is known once the device is in DFU mode.',
  'host-note': '{words}',

  // what will be done
  'step-erase': 'Erase {bytes} bytes at {address}.',
  'step-mass-erase': 'Erase everything, settings included.',
  'step-read-unprotect': 'Take the read protection off, which erases everything.',
  'step-write': 'Write {bytes} bytes.',
  'step-write-at': 'Write {bytes} bytes at {address}.',
  'step-leave': 'Start the new firmware.',

  // while it works
  'allow-again':
    'The device has restarted as another USB device, and the browser asks once more whether this page may use it.',

  // how it ended
  'ended-verified': 'Done: all {bytes} bytes were written, read back, and are equal.',
  'ended-written': 'Done: the device has acknowledged all {bytes} bytes.',
  'ended-unconfirmed':
    'All {bytes} bytes were written, but nobody has confirmed that the device took them over.',
  'ended-unread':
    'The device has acknowledged all {bytes} bytes; they could not be read back to compare.',
  'ended-verified-runs':
    'Done: all {bytes} bytes were written, read back, and are equal, and version {version} runs.',
  'ended-written-runs':
    'Done: the device has acknowledged all {bytes} bytes, and version {version} runs.',
  'ended-verified-as-before':
    'Done: all {bytes} bytes were written, read back, and are equal. What runs shows version {version}, as before.',
  'ended-written-as-before':
    'Done: the device has acknowledged all {bytes} bytes. What runs shows version {version}, as before.',
  'ended-stays':
    'Done: the device has acknowledged all {bytes} bytes. It stays in DFU mode until it is restarted.',
  'ended-other':
    'All {bytes} bytes were written, but what runs now is version {version}, not {expected}.',
  'ended-silent':
    'All {bytes} bytes were written, but the new firmware has not shown itself at USB: whether it runs is not known.',
  'cancelled-unchanged': 'Cancelled: nothing was written, and the firmware is as it was.',
  'cancelled-partly': 'Cancelled in the middle: the firmware in the device is not whole.',
  'cancelled-unconfirmed':
    'All {bytes} bytes were written; nobody waited until the new firmware runs.',
  'gone-unchanged':
    'The device was unplugged before anything was written: the firmware is as it was.',
  'gone-partly': 'The device was unplugged in the middle: the firmware in it is not whole.',
  'silent-unchanged':
    'The device stopped answering before anything was written: the firmware is as it was.',
  'silent-partly': 'The device stopped answering in the middle: the firmware in it is not whole.',
  'refused-unchanged': 'Nothing was written: {words}',
  'failed-unchanged':
    'It failed before anything was written, and the firmware is as it was: {words}',
  'failed-partly': 'It failed in the middle, and the firmware in the device is not whole: {words}',
  'failed-unconfirmed': 'All bytes were written, and then something failed: {words}',
  mismatch: 'What was read back is not what was written: the firmware in the device is not right.',

  // what to do
  'do-again': 'Connect the device and flash it again; until then it may not start.',
  'do-restart': 'Restart the device to run the new firmware.',
  'do-replug': 'Unplug the device, plug it in again, and try again.',
  'do-look': 'Restart the device and see whether it works. If it does not, flash it again.',
  'do-other-program': 'Close other programs and pages that use the device, and try again.',
  'do-wait': 'Look whether the device works; some firmware never shows itself at USB.',
} as const;

/** Which sentence. */
export type FlowTextId = keyof typeof FLOW_TEXTS;
