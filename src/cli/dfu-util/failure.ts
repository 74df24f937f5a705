import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { RunEnd } from './end.ts';
import { statusLine } from './status-words.ts';
import type { Voice } from './voice.ts';

const NO_DEVICE = 'No DFU capable USB device available';

const SEVERAL =
  "More than one DFU capable USB device found! Try `--list' and specify the serial number or disconnect all but one device\n";

const LIBUSB_NAMES: Partial<Readonly<Record<DfuErrorCode, string>>> = {
  STALLED: 'PIPE',
  TIMEOUT: 'TIMEOUT',
  DISCONNECTED: 'NO_DEVICE',
  ACCESS: 'ACCESS',
  BUSY: 'BUSY',
  UNSUPPORTED: 'NOT_SUPPORTED',
  IO: 'IO',
};

/** What libusb calls such a failure: programs look for it. */
export function libusbName({ code }: DfuError): string {
  return `LIBUSB_ERROR_${LIBUSB_NAMES[code] ?? 'OTHER'}`;
}

/** What is on its way when it fails. */
export type Work = 'download' | 'upload' | 'commands' | 'detach' | 'list';

/** A failure in dfu-util's words and with its exit code; the host's sentence is added. */
export function failureOf(error: unknown, voice: Voice, work: Work): RunEnd {
  if (error instanceof RunEnd) return error;
  if (!DfuError.is(error)) throw error;
  const { exitCode, line } = wordsOf(error, voice, work);
  const isSaid = line === error.message;
  return new RunEnd(exitCode, line === '' ? [] : [line], isSaid ? [] : [error.message]);
}

interface Words {
  readonly exitCode: number;
  /** Empty where dfu-util has none. */
  readonly line: string;
}

function wordsOf(error: DfuError, voice: Voice, work: Work): Words {
  const io = (line: string): Words => ({ exitCode: ExitCode.io, line });
  if (error.code === 'ABORTED') return { exitCode: ExitCode.interrupted, line: '' };
  if (error.code === 'INVALID_ARGUMENT') return { exitCode: ExitCode.usage, line: '' };
  switch (voice.phase) {
    case 'finding':
      return io(error.code === 'AMBIGUOUS' ? SEVERAL : NO_DEVICE);
    case 'detaching':
      return io(`Cannot open device: ${libusbName(error)}`);
    case 'returning':
      return io(error.code === 'AMBIGUOUS' ? SEVERAL : 'Lost device after RESET?');
    case 'preparing':
      return whilePreparing(error, voice);
    case 'moving':
      return whileMoving(error, voice, work);
    case 'ending':
      // It has answered, and that has been told.
      if (error.code === 'DEVICE_STATUS') return io('');
      return io(`unable to read DFU status after completion (${libusbName(error)})`);
    case 'leaving':
      return io(`error resetting after download: ${libusbName(error)}`);
    default:
      return voice.phase satisfies never;
  }
}

function whilePreparing(error: DfuError, { status, refusal }: Voice): Words {
  if (refusal !== undefined) {
    return { exitCode: ExitCode.io, line: `error get_status: ${libusbName(refusal)}` };
  }
  if (status !== undefined && status.bState < 2) {
    return { exitCode: ExitCode.protocol, line: 'Device still in Run-Time Mode!' };
  }
  if (status !== undefined) {
    return { exitCode: ExitCode.protocol, line: `Status is not OK: ${status.bStatus}` };
  }
  const isHeld = error.code === 'BUSY';
  const line = isHeld ? 'Cannot claim interface -' : 'Cannot open device:';
  return { exitCode: ExitCode.io, line: `${line} ${libusbName(error)}` };
}

/** DfuSe's commands as dfu-util calls them. */
const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/^set-address /, 'SET_ADDRESS'],
  [/^erase /, 'ERASE_PAGE'],
  [/^mass-erase/, 'MASS_ERASE'],
  [/^read-unprotect/, 'READ_UNPROTECT'],
];

function whileMoving(error: DfuError, voice: Voice, work: Work): Words {
  const { refusal, status } = voice;
  const command = COMMANDS.find(([pattern]) => pattern.test(error.message))?.[1];
  if (command !== undefined && error.code === 'DEVICE_STATUS') {
    return { exitCode: ExitCode.io, line: `${command} not correctly executed` };
  }
  if (refusal !== undefined && voice.isEndRefused && !voice.isDfuSe) {
    return {
      exitCode: ExitCode.io,
      line: `Error sending completion packet (${libusbName(refusal)})`,
    };
  }
  if (refusal !== undefined) {
    voice.bar.abandon(work === 'upload' ? '\nFailed.' : '');
    const what = command === undefined ? work : `special command "${command}" download`;
    return { exitCode: ExitCode.io, line: `Error during ${what} (${libusbName(refusal)})` };
  }
  if (error.code === 'DEVICE_STATUS' && status !== undefined) {
    voice.bar.abandon(' failed!');
    voice.say(statusLine(status));
    return { exitCode: ExitCode.io, line: '' };
  }
  const isUnexpected = error.code === 'PROTOCOL';
  return { exitCode: isUnexpected ? ExitCode.protocol : ExitCode.io, line: '' };
}
