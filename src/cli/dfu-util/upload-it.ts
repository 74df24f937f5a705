import { accessibleBytes } from '../../dfu/index.ts';
import { connect, memoryLayoutOf, receive, speaksDfuSe } from '../../host/index.ts';
import type { DfuSession, ReceiveOptions } from '../../host/index.ts';
import { uploadFile } from '../host/upload-file.ts';
import { CommandEnd, ExitCode } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import { takeBlockSize } from './block-size.ts';
import type { Surroundings } from './surroundings.ts';
import { addressText, sayLayout } from './dfuse-words.ts';
import { RunEnd } from './end.ts';
import { resetIt } from './reset-it.ts';

type UploadFile = Awaited<ReturnType<typeof uploadFile>>;

/** The file of an upload, which must not be there yet. */
export async function beginUpload(terminal: Terminal, path: string): Promise<UploadFile> {
  try {
    return await uploadFile(terminal, path);
  } catch (error) {
    if (!(error instanceof CommandEnd)) throw error;
    const why = error.message.replace(/^.*: /, '');
    const reason = why === 'it exists already' ? 'File exists' : capital(why);
    const lines = [`Cannot open file ${path} for writing: ${reason}`];
    throw new RunEnd(ExitCode.cannotCreate, lines);
  }
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `-U`. */
export async function uploadIt(around: Surroundings, file: UploadFile): Promise<number> {
  const { bus, clock, signal, wishes, selection, voice } = around;
  const { wait, returnMs } = wishes;
  const onEvent = voice.tell.bind(voice);
  const session = await connect(bus, { clock, signal, onEvent, selection, wait, returnMs });
  try {
    await receiveIt(session, file, around);
    await file.finish();
    if (wishes.reset) await resetIt(session, around);
    return ExitCode.ok;
  } catch (error) {
    throw await file.keep(error);
  } finally {
    await session.close();
  }
}

async function receiveIt(
  session: DfuSession,
  file: UploadFile,
  around: Surroundings,
): Promise<void> {
  const { signal, wishes, voice } = around;
  const { dfuse, expectedBytes = 0 } = wishes;
  const { interface: entry } = session;
  const isDfuSe = dfuse !== undefined || speaksDfuSe(entry);
  const transferSizeBytes = takeBlockSize(session, wishes, voice);
  if (isDfuSe) tellDfuSe(session, around);
  else {
    voice.onReady = () => {
      voice.say('Copying data from DFU device to PC');
      voice.bar.draw('upload', 0, expectedBytes);
    };
  }
  voice.onProgress = ({ doneBytes, totalBytes }) => {
    voice.bar.draw('upload', doneBytes, totalBytes ?? expectedBytes);
  };
  const options: ReceiveOptions = {
    ...dfuse,
    dialect: isDfuSe ? 'dfuse' : 'dfu',
    force: dfuse?.force === true ? 'memory' : !isDfuSe,
    transferSizeBytes,
    signal,
    onEvent: (event) => voice.tell(event),
  };
  const { bytes } = await receive(session, file.sink, options);
  voice.bar.finish();
  if (isDfuSe) return;
  voice.say(`Received a total of ${bytes} bytes`);
  if (expectedBytes !== 0 && bytes !== expectedBytes) {
    voice.warn('Unexpected number of bytes uploaded from device');
  }
}

/** Without an address, so many bytes from where the device begins by itself. */
const UNBOUND_BYTES = 16384;

/** Throws for memory that the device does not let be read, before anything is asked of it. */
function tellDfuSe({ interface: entry }: DfuSession, { wishes, voice }: Surroundings): void {
  const { address, lengthBytes, force } = wishes.dfuse ?? {};
  if (address === undefined && lengthBytes === undefined) {
    voice.onReady = () => {
      voice.warn('Unbound upload not supported on DfuSe devices');
      voice.say(`Limiting default upload to ${UNBOUND_BYTES} bytes`);
    };
    return;
  }
  const layout = memoryLayoutOf(entry);
  const known = layout === undefined ? 0 : accessibleBytes(layout, address ?? 0, 'readable');
  const isChecked = layout !== undefined && address !== undefined && force !== true;
  if (isChecked && known < (lengthBytes ?? 1)) {
    const lines = [`Page at ${addressText(address + known)} is not readable`];
    throw new RunEnd(ExitCode.usage, lines);
  }
  voice.onReady = () => {
    sayLayout(entry, voice);
    if (lengthBytes !== undefined || voice.verbose === 0) return;
    voice.say(`Limiting upload to end of memory segment, ${known} bytes`);
  };
}
