import type { ComparedLine } from '../kernel/guest/program-comparison.ts';

const refused = (status: number, says?: RegExp): ComparedLine['departs'] => ({
  row: 'arguments-refused',
  status,
  says,
});

/** Known before anything is asked of a device. */
const early = (status: number, says: RegExp): ComparedLine['departs'] => ({
  row: 'known-before-a-device',
  status,
  says,
});

const line = (words: string, departs?: ComparedLine['departs']): ComparedLine => ({
  args: words.split(' '),
  departs,
});

/** Command lines that need no device; @ stands for the folder with the files. Where one is looked for, none has the serial number `none`. */
export const nativeLines: readonly ComparedLine[] = [
  // Help, version, and what is no command line.
  line('-h'),
  line('--help'),
  line('-V'),
  line('--version'),
  line('-Vl'),
  { args: [] },
  line('-x'),
  line('-lx'),
  line('--foo'),
  line('--lsit'),
  line('--list=3'),
  line('-E'),
  line('-a'),
  line('--downloa'),
  line('--de 1'),
  line('--d x'),
  line('--v'),
  line('--u x'),
  line('-l word'),
  line('-- -l'),
  line('-'),
  line('-R'),
  line('-t 0'),
  line('-v'),
  // Values.
  line('-E x'),
  line('-t 1x'),
  { args: ['-t', '', '-l'] },
  line('-c x'),
  line('-i 1x'),
  line('-Z x'),
  line('--transfer-size=0x10 --cfg 0 --configuration 1 -lS none'),
  line('-t -5 -lS none', refused(64, /expected a number from 0 to 65535, got "-5"/)),
  line('-t 99999999999 -lS none', refused(64)),
  line('-E -1 -lS none', refused(64)),
  line('-n x -lS none', refused(64, /--devnum: expected a number/)),
  line('-d zz -lS none', refused(64, /device ids: expected/)),
  { args: ['-a', '', '-l', '-S', 'none'], departs: refused(64) },
  line('--wait -lS none', { row: 'wait-is-a-switch', status: 0, says: /Waiting for device/ }),
  line('--wait=3 -lS none', { row: 'wait-is-a-switch', status: 64, says: /doesn't allow/ }),
  // Nothing is there.
  line('-lS none'),
  line('--list --serial none,none'),
  line('-ld,1209:7d02 -p 1-9.9 -n 250 -i 0 -a 0 -S none'),
  line('-lwS none'),
  line('-e -S none'),
  line('--detach --reset --serial=none'),
  line('-U @new.bin -S none'),
  line('-U @new.bin -Z 100 -S none'),
  line('-D @plain.bin -S none'),
  line('-e -D @plain.bin -S none'),
  line('-D @plain.bin -e -S none'),
  line('-D @plain.bin -R -E 1 -t 64 -S none'),
  line('-s 0x08000000 -S none'),
  line('-s :leave --dfuse-address=:mass-erase:force -S none'),
  line('-s 0x08000000:leave -D @plain.bin -S none'),
  // Files.
  line('-D @missing.bin'),
  line('-D@missing.bin'),
  line('--dow=@missing.bin'),
  line('-D @short.bin -S none'),
  line('-D @empty.bin -S none'),
  line('-D @good.dfu -S none'),
  line('-v -D @good.dfu -S none'),
  line('-D @good.dfu -d 1:2 -S none'),
  line('-D @good.dfu -d 1209:* -S none'),
  line('-D @any.dfu -S none'),
  line('-D @longer.dfu -S none'),
  line('-D @damaged.dfu -S none'),
  line('-D @length8.dfu'),
  line('-D @length200.dfu'),
  { args: ['-D', '-', '-S', 'none'], input: 'some bytes that are no firmware' },
  { args: ['-vD', '-', '-S', 'none'], input: '' },
  line('-D @.', { row: 'folder-is-no-file', status: 66, says: /Is a directory/ }),
  line('-D @plain.bin -s xyz -S none', early(64, /^dfu-util: Invalid dfuse address: xyz$/m)),
  line('-D @plain.bin -s 1:foo -S none', early(64, /^dfu-util: Invalid dfuse modifier: foo$/m)),
  line(
    '-U @plain.bin -S none',
    early(73, /^dfu-util: Cannot open file FOLDER\/plain.bin for writing: File exists$/m),
  ),
  line('-D @cut.dfu -S none', early(65, /DfuSe/)),
];

/** The rows of departures that they meet, each of them. */
export const nativeRows = [
  'arguments-refused',
  'banner',
  'folder-is-no-file',
  'help',
  'known-before-a-device',
  'no-suffix-no-warning',
  'own-words',
  'verbose',
  'wait-is-a-switch',
] as const;
