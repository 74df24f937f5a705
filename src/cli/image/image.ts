import { Command, Option } from 'commander';
import { convertCommand } from './convert.ts';
import { imageDiff } from './diff.ts';
import type { DiffOptions } from './diff.ts';
import { imageInfo } from './info.ts';
import type { InfoOptions } from './info.ts';
import { imageSign } from './sign.ts';
import type { ImageSignOptions } from './sign.ts';
import { imageVerify } from './verify.ts';
import type { VerifyOptions } from './verify.ts';
import type { Terminal } from '../shared/terminal.ts';
import { answering } from '../shared/exit-codes.ts';
import { partOption } from '../shared/image-part.ts';
import { collect } from '../shared/collect.ts';
import { addExamples } from '../shared/examples.ts';
import { oneOf, wholeNumber } from '../shared/numbers.ts';
import { inGroup, rareOnes } from '../shared/rare-options.ts';

const keyOption = (): Option =>
  new Option('-k, --key <file>', 'public or private key of the signer; may be repeated').argParser(
    collect,
  );

const decryptOption = (): Option =>
  new Option(
    '-d, --decrypt <file>',
    'private key, or AES wrapping key, that opens the payload; may be repeated',
  ).argParser(collect);

const jsonOption = (): Option => new Option('--json', 'for programs');

/** `--align` of `--align <bytes>`. */
function nameOf(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

function number(flags: string, description: string, range: [number, number]): Option {
  return new Option(flags, description).argParser(wholeNumber(nameOf(flags), range));
}

function counter(text: string): number | 'auto' {
  if (text === 'auto') return 'auto';
  return wholeNumber('--security-counter', [0, 0xffffffff])(text);
}

const choice = (flags: string, description: string, choices: readonly number[]): Option =>
  new Option(flags, description).argParser(oneOf(nameOf(flags), choices));

const WORD = 0xffffffff;

function addSlotOptions(to: Command): Command {
  return to
    .addOption(number('-S, --slot-size <bytes>', 'check that it fits this slot', [1, WORD]))
    .option('--pad', 'fill up to the slot size, with the trailer magic: an update to be taken')
    .option('--test', 'the same: the update is tried once')
    .option('--confirm', 'the same, confirmed: the update stays')
    .addOption(choice('--align <bytes>', 'write unit of the flash', [1, 2, 4, 8, 16, 32]))
    .addOption(choice('--max-align <bytes>', 'largest write unit of both slots', [8, 16, 32]))
    .addOption(number('--max-sectors <n>', 'sectors that the trailer has room for', [1, 65535]))
    .option('--overwrite-only', 'the bootloader overwrites instead of swapping');
}

function addContentOptions(to: Command): Command {
  return to
    .addOption(
      new Option('--security-counter <n>', 'number, or auto from the version').argParser(counter),
    )
    .addOption(
      new Option('--depends <image>', 'as "(1,1.2.0)": image 1 in 1.2.0 or newer').argParser(
        collect,
      ),
    )
    .option('--boot-record <role>', 'add a boot record for measured boot')
    .option('--vendor <name>', 'vendor: a UUID or a domain name')
    .option('--class <name>', 'device class: a UUID or a name')
    .addOption(
      new Option('--tlv <type=value>', 'record of your own, 0xa0 and up; 0x for bytes').argParser(
        collect,
      ),
    )
    .addOption(number('--load-address <n>', 'RAM address that it runs from', [1, WORD]))
    .addOption(number('--rom-address <n>', 'flash address that it is linked for', [1, WORD]))
    .option('--non-bootable', 'mark it as not to be booted')
    .addOption(new Option('--endian <order>', 'byte order').choices(['little', 'big']));
}

function signCommand(terminal: Terminal): Command {
  const made = new Command('sign')
    .description('make an MCUboot image of a binary or HEX file, or sign an image anew')
    .argument('<file>', 'binary, Intel HEX, or an MCUboot image')
    .option('-k, --key <file>', 'private key; without one the image has only its hash')
    .option('-o, --output <file>', 'default: the name with .signed in it; .hex writes Intel HEX')
    .option(
      '-v, --image-version <version>',
      'major.minor.revision+build, later parts optional; needed for a new image',
    )
    .addOption(number('-H, --header-size <bytes>', 'header with its filler (512)', [32, 65535]))
    .option('--pure', 'sign the image itself, not its hash (Ed25519)')
    .addOption(
      new Option('--public-key <form>', 'carry the hash of the key, or all of it').choices([
        'hash',
        'full',
      ]),
    )
    .option('-E, --encrypt <file>', 'for this public key, or AES wrapping key')
    .addOption(
      new Option('--encrypt-bits <n>', 'of the image key').argParser(
        oneOf('--encrypt-bits', [128, 256]),
      ),
    )
    .option('--clear', 'with --encrypt: leave the payload plain, for the primary slot')
    .addOption(decryptOption())
    .addOption(number('--address <n>', 'of the image in Intel HEX', [0, WORD]))
    .option(...partOption)
    .option('--dfu <vid:pid>', 'put a DFU suffix behind it')
    .addOption(jsonOption());
  inGroup(made, 'The slot that it goes into:', addSlotOptions);
  inGroup(made, 'What it says of itself:', addContentOptions);
  made.action(
    answering((path: string, options: ImageSignOptions) => imageSign(terminal, path, options)),
  );
  return addExamples(
    rareOnes(made, ...seldom),
    'dfukit image sign app.bin -k key.pem -v 1.2.0 -S 0x76000',
    'dfukit image sign app.hex -k key.pem -v 1.2.0+7 --confirm -S 0x76000 -o app.signed.hex',
    'dfukit image sign old.signed.bin -k new-key.pem          an image signed anew',
  );
}

/** What most images do without. */
const seldom: readonly string[] = [
  '--public-key',
  '--encrypt-bits',
  '--clear',
  '--address',
  '--part',
  '--max-align',
  '--max-sectors',
  '--overwrite-only',
  '--depends',
  '--boot-record',
  '--tlv',
  '--load-address',
  '--rom-address',
  '--non-bootable',
  '--endian',
];

function infoCommand(terminal: Terminal): Command {
  const made = new Command('info')
    .description('say what a file is: MCUboot, riotboot, DFU suffix, Intel HEX, plain binary')
    .argument('<file>')
    .addOption(keyOption())
    .addOption(decryptOption())
    .option(...partOption)
    .addOption(jsonOption())
    .action(answering((path: string, options: InfoOptions) => imageInfo(terminal, path, options)));
  return addExamples(
    made,
    'dfukit image info firmware.dfu',
    'dfukit image info zephyr.signed.bin -k key.pem --json',
  );
}

function verifyCommand(terminal: Terminal): Command {
  const made = new Command('verify')
    .description("check an MCUboot image's hash and signatures; encrypted and big-endian ones too")
    .argument('<file>')
    .addOption(keyOption())
    .addOption(decryptOption())
    .addOption(new Option('--endian <order>', 'insist on a byte order').choices(['little', 'big']))
    .option(...partOption)
    .addOption(jsonOption())
    .action(
      answering((path: string, options: VerifyOptions) => imageVerify(terminal, path, options)),
    );
  return addExamples(made, 'dfukit image verify zephyr.signed.bin -k key.pem');
}

function diffCommand(terminal: Terminal): Command {
  const made = new Command('diff')
    .description('compare two images field by field; exit 1 if they differ')
    .argument('<one>')
    .argument('<other>')
    .option(...partOption)
    .addOption(jsonOption())
    .action(
      answering((one: string, other: string, options: DiffOptions) =>
        imageDiff(terminal, [one, other], options),
      ),
    );
  return addExamples(made, 'dfukit image diff v1.signed.bin v2.signed.bin');
}

/** `dfukit image sign | verify | info | diff | convert`. */
export function command(terminal: Terminal): Command {
  const made = new Command('image')
    .description('make, check, explain and compare firmware images')
    .addCommand(signCommand(terminal))
    .addCommand(verifyCommand(terminal))
    .addCommand(infoCommand(terminal))
    .addCommand(diffCommand(terminal))
    .addCommand(convertCommand(terminal));
  return addExamples(
    made,
    'dfukit image info firmware.dfu',
    'dfukit image sign app.bin -k key.pem -v 1.2.0',
  );
}
