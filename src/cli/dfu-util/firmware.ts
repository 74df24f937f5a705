import { DfuError } from '../../bytes/index.ts';
import { sendPlan } from '../../host/index.ts';
import type { DfuSeModifiers, Selection, SendPlan } from '../../host/index.ts';
import { recognise, wholePrefix } from '../../image/index.ts';
import type { FileFormat } from '../../image/index.ts';
import { idDigits } from '../../usb/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import { RunEnd, systemReason } from './end.ts';
import type { Voice } from './voice.ts';

/** Bytes of a file with nothing but its suffix. */
const SUFFIX_BYTES = 16;

/** The file of a download, or the commands of `-s` alone, before any device is looked for. */
export async function firmwarePlan(
  terminal: Terminal,
  {
    path,
    dfuse,
    voice,
  }: { path: string | undefined; dfuse: DfuSeModifiers | undefined; voice: Voice },
): Promise<SendPlan> {
  const bytes = path === undefined ? undefined : await read(terminal, path, voice);
  const modifiers = { ...dfuse, force: dfuse?.force === true ? ('memory' as const) : false };
  try {
    const plan = withPrefix(sendPlan(bytes, { ...modifiers, raw: true }));
    if (bytes !== undefined) tellFile(plan, bytes, voice);
    tellPrefix(plan, voice);
    // -s is DfuSe, whatever the device says; a DfuSe file says so itself.
    const isAsked = dfuse !== undefined && plan.format !== 'dfuse';
    return isAsked ? { ...plan, dialect: bytes === undefined ? undefined : 'dfuse' } : plan;
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    throw new RunEnd(ExitCode.data, [`Corrupt DfuSe file: ${error.message}`]);
  }
}

/** Plain DFU sends a prefix with the rest, DfuSe does not. */
function withPrefix(plan: SendPlan): SendPlan {
  const data = plan.format === 'binary' ? plan.targets[0]?.elements[0]?.data : undefined;
  return { ...plan, prefix: data === undefined ? undefined : wholePrefix(data) };
}

function tellPrefix({ prefix }: SendPlan, voice: Voice): void {
  if (prefix === undefined || voice.verbose === 0) return;
  const { kind, address = 0, lengthBytes } = prefix;
  const name = kind === 'lpc' ? 'unencrypted NXP LPC' : 'TI Stellaris';
  voice.say(`Possible ${name} DFU prefix with the following properties`);
  if (kind === 'lpc') {
    voice.say(`Payload length: ${Math.floor(lengthBytes / 1024)} kiByte`);
    return;
  }
  voice.say(`Address:        0x${address.toString(16).padStart(8, '0')}`);
  voice.say(`Payload length: ${lengthBytes}`);
}

/** The same, as DfuSe sends it: where it goes `-s` alone says. */
export function withoutPrefix(plan: SendPlan): SendPlan {
  const { prefix, targets } = plan;
  if (prefix === undefined) return plan;
  const bare = targets.map(({ alternate, elements }) => ({
    alternate,
    elements: elements.map((each) => ({ ...each, data: each.data.subarray(prefix.sizeBytes) })),
  }));
  return { ...plan, prefix: undefined, targets: bare };
}

async function read(terminal: Terminal, path: string, voice: Voice): Promise<Uint8Array> {
  try {
    if (path !== '-') return terminal.files.read(path);
    const chunks: Uint8Array[] = [];
    for await (const chunk of terminal.in) chunks.push(chunk as Uint8Array);
    const bytes = Buffer.concat(chunks);
    if (voice.verbose > 0) voice.say(`Read ${bytes.length} bytes from stdin`);
    return bytes;
  } catch (error) {
    const what = path === '-' ? 'stdin' : `file ${path}`;
    throw new RunEnd(ExitCode.noInput, [
      `Could not open ${what} for reading: ${systemReason(error)}`,
    ]);
  }
}

/** A suffix that is there is told; one that is damaged is warned of, or refused where its length is no length. */
function tellFile(
  { suffix, suffixProblem, problems }: SendPlan,
  file: Uint8Array,
  voice: Voice,
): void {
  if (suffix !== undefined && voice.verbose > 0) {
    voice.say(`DFU suffix version ${suffix.bcdDFU.toString(16)}`);
  }
  if (suffixProblem !== undefined) {
    const length = file[file.length - 5] ?? 0;
    if (!suffixProblem.message.startsWith('DFU suffix.bLength')) {
      voice.warn('Warning: DFU suffix CRC does not match');
      voice.add(`${suffixProblem.message}; what looks like a suffix is sent with the rest`);
    } else if (length < SUFFIX_BYTES) {
      throw new RunEnd(ExitCode.data, [`Unsupported DFU suffix length ${length}`]);
    } else {
      throw new RunEnd(ExitCode.data, [`Invalid DFU suffix length ${length}`]);
    }
  }
  for (const problem of problems) voice.add(problem);
  const { format } = recognise(file);
  const what = textFormats[format];
  if (what !== undefined) {
    voice.add(
      `the file is ${what}, and is sent as it is, as dfu-util does; dfukit download sends its bytes`,
    );
  }
}

const textFormats: Partial<Readonly<Record<FileFormat, string>>> = {
  hex: 'Intel HEX',
  srec: 'an S-record file',
  uf2: 'a UF2 file',
  elf: 'an ELF file',
};

/** The suffix says which run-time devices are meant, as far as the command line does not. */
export function withIdsOfSuffix(
  selection: Selection,
  { suffix }: SendPlan,
  voice: Voice,
): Selection {
  const { vendor = 'any', product = 'any' } = selection.runtime ?? {};
  const { idVendor = ANY_ID, idProduct = ANY_ID } = suffix ?? {};
  const takesVendor = vendor === 'any' && idVendor !== ANY_ID;
  const takesProduct = product === 'any' && idProduct !== ANY_ID;
  if (takesVendor) voice.say(`Match vendor ID from file: ${idDigits(idVendor)}`);
  if (takesProduct) voice.say(`Match product ID from file: ${idDigits(idProduct)}`);
  if (!takesVendor && !takesProduct) return selection;
  const runtime = {
    vendor: takesVendor ? idVendor : vendor,
    product: takesProduct ? idProduct : product,
  };
  return { ...selection, runtime };
}

/** What an id in a suffix is that fits all. */
const ANY_ID = 0xffff;
