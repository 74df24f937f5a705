import type { GetoptOption } from '../shared/getopt.ts';

/**
 * dfu-util's options, in the order in which it names those that a beginning fits. `--wait` takes no value, as
 * dfu-util's own help has it; `--bus` is dfukit's.
 */
export const OPTIONS: readonly GetoptOption[] = [
  { key: 'help', short: 'h', long: ['help', 'help-all'] },
  { key: 'version', short: 'V', long: ['version'] },
  { key: 'verbose', short: 'v', long: ['verbose'] },
  { key: 'list', short: 'l', long: ['list'] },
  { key: 'detach', short: 'e', long: ['detach'] },
  { key: 'detach-delay', short: 'E', long: ['detach-delay'], takesValue: true },
  { key: 'device', short: 'd', long: ['device'], takesValue: true },
  { key: 'path', short: 'p', long: ['path'], takesValue: true },
  { key: 'cfg', short: 'c', long: ['configuration', 'cfg'], takesValue: true },
  { key: 'intf', short: 'i', long: ['interface', 'intf'], takesValue: true },
  { key: 'alt', short: 'a', long: ['altsetting', 'alt'], takesValue: true },
  { key: 'serial', short: 'S', long: ['serial'], takesValue: true },
  { key: 'transfer-size', short: 't', long: ['transfer-size'], takesValue: true },
  { key: 'upload', short: 'U', long: ['upload'], takesValue: true },
  { key: 'upload-size', short: 'Z', long: ['upload-size'], takesValue: true },
  { key: 'download', short: 'D', long: ['download'], takesValue: true },
  { key: 'reset', short: 'R', long: ['reset'] },
  { key: 'dfuse-address', short: 's', long: ['dfuse-address'], takesValue: true },
  { key: 'devnum', short: 'n', long: ['devnum'], takesValue: true },
  { key: 'wait', short: 'w', long: ['wait'] },
  { key: 'bus', long: ['bus'], takesValue: true },
];

/** What `-h` shows. */
export const HELP = `Usage: dfu-util [options] ...
This is the command line of dfu-util 0.11, carried out by dfukit.

What is done; the last one counts:
  -l --list                       show the DFU devices that are there
  -D --download FILE              write FILE into the device; - is standard input
  -U --upload FILE                read the device into FILE, a new one; - is standard output
  -e --detach                     ask the device into DFU mode, or out of it, and no more
  -V --version, -h --help

Which device; several that fit are refused:
  -d --device VID:PID[,VID:PID]   ids in hex, in run-time and in DFU mode; * any, - none
  -S --serial SERIAL[,SERIAL]     serial number, in run-time and in DFU mode
  -p --path BUS-PORT[.PORT]...    where it is plugged in, as -l shows it
  -n --devnum N                   its number on the bus, as -l shows it
  -c --cfg N, -i --intf N         bConfigurationValue; bInterfaceNumber
  -a --alt N|NAME                 alternate setting
  -w --wait                       wait until it is there

How:
  -t --transfer-size BYTES        bytes in a block, instead of what the device says
  -Z --upload-size BYTES          how much an upload is to bring
  -E --detach-delay SECONDS       most time from run-time to DFU mode (10)
  -R --reset                      afterwards DFU_DETACH, and a reset of the port
  -s --dfuse-address ADDRESS[:WORD]...
                                  DfuSe: where; leave, force, mass-erase, unprotect, will-reset,
                                  or the length of an upload. Alone: what the words say
  -v --verbose                    say more; twice: still more
     --bus BUS                    where devices are: native, or usbip://HOST[:PORT];
                                  several may be given (DFUKIT_BUS)

Examples:
  dfukit dfu-util -l
  dfukit dfu-util -d 1209:7d00,1209:7d02 -a 1 -D slot1.bin -R
  dfukit dfu-util -a 0 -s 0x08000000:leave -D app.bin
`;
