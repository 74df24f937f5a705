import { closeSync, openSync, realpathSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { DfuError, PACKAGE_VERSION } from '../../bytes/index.ts';
import {
  encodeTraceHeader,
  encodeTraceRecord,
  isFwupdRecording,
  isTrace,
  pcapngWriter,
  readFwupdRecording,
  readTrace,
  traceHeader,
} from '../../trace/index.ts';
import type { Trace, TraceHeader, TraceRecord } from '../../trace/index.ts';
import { CommandEnd, ExitCode, cannot } from './exit-codes.ts';
import type { Files } from './files.ts';
import { systemWords } from './system-words.ts';
import type { Terminal } from './terminal.ts';

/** Where the records of a trace go. */
interface TraceSink {
  tell(record: TraceRecord): void;
  /** Ends it; throws with an exit code of its own if not all of it could be written. */
  close(): void;
  /** Ends it where something else has failed already. */
  abandon(): void;
}

/** What wrote a trace, and on what. */
export function ownHeader(words: Partial<TraceHeader> = {}): TraceHeader {
  return traceHeader({
    tool: `dfukit ${PACKAGE_VERSION}`,
    started: new Date().toISOString(),
    about: { node: process.version, system: `${process.platform} ${process.arch}` },
    ...words,
  });
}

/** Whether a path is of a capture for Wireshark, and not of NDJSON. */
export function isPcapngPath(path: string): boolean {
  return /\.pcapng$/i.test(path);
}

/** pcapng's first block type, the same in either byte order. */
const PCAPNG_START = '0a0d0d0a';

/** Throws where a file stands that is no trace: a slip would cost it. */
export function refuseStranger(files: Files, path: string): void {
  if (path === '-') {
    throw new DfuError('INVALID_ARGUMENT', 'a trace goes to a file, not to standard output');
  }
  const standing = files.standing(path);
  if (standing === undefined || standing.length === 0 || isTrace(standing)) return;
  if (Buffer.from(standing.subarray(0, 4)).toString('hex') === PCAPNG_START) return;
  const why = 'it exists already, and is no trace that could be replaced';
  throw new CommandEnd(ExitCode.cannotCreate, `cannot create ${path}: ${why}`);
}

/** Throws where what is read and what is written are one file: what is read would be lost. */
export function refuseSame(read: string, written: string): void {
  if (realName(read) !== realName(written)) return;
  throw new DfuError(
    'INVALID_ARGUMENT',
    `${read} is read and written: give the new one another name`,
  );
}

function realName(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/**
 * Begins a trace in a file: pcapng for `.pcapng`, else NDJSON. Each record is in the file once it is told, however the
 * program ends. Throws if it cannot be made, with an exit code of its own.
 */
export function traceSink(terminal: Terminal, path: string): TraceSink {
  refuseStranger(terminal.files, path);
  const header = ownHeader();
  let file: number;
  try {
    file = openSync(path, 'w');
  } catch (error) {
    throw cannot(`create ${path}`, error, ExitCode.cannotCreate);
  }
  let failure: unknown;
  const write = (bytes: Uint8Array): void => {
    if (failure !== undefined) return;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    } catch (error) {
      failure = error;
    }
  };
  const encode = encoder(path, header, write);
  let open = true;
  const abandon = (): void => {
    if (!open) return;
    open = false;
    forget();
    closeSync(file);
  };
  const forget = terminal.onExit(abandon);
  return {
    tell: (record) => {
      if (open) encode(record);
    },
    abandon,
    close() {
      abandon();
      if (failure === undefined) return;
      const message = `the trace in ${path} is not whole: ${systemWords(failure)}`;
      throw new CommandEnd(ExitCode.io, message);
    },
  };
}

function encoder(
  path: string,
  header: TraceHeader,
  write: (bytes: Uint8Array) => void,
): (record: TraceRecord) => void {
  if (isPcapngPath(path)) {
    const pcapng = pcapngWriter(header);
    write(pcapng.start);
    return (record) => {
      for (const block of pcapng.add(record)) write(block);
    };
  }
  write(Buffer.from(encodeTraceHeader(header)));
  return (record) => write(Buffer.from(encodeTraceRecord(record)));
}

/** Reads a trace, whichever of the kinds that can be read. Throws with the file's name. */
export async function readTraceFile(files: Files, path: string): Promise<Trace> {
  const bytes = files.read(path);
  try {
    return await traceIn(path, bytes);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    const { code, message, cause } = error;
    throw new DfuError(code, `${path}: ${message}`, { cause });
  }
}

/** NDJSON of this package, or what fwupd saves: a text, or several in a zip file. */
async function traceIn(path: string, bytes: Uint8Array): Promise<Trace> {
  if (isFwupdRecording(bytes)) return readFwupdRecording([{ name: path, bytes }]);
  if (Buffer.from(bytes.subarray(0, 2)).toString('latin1') !== 'PK') return readTrace(bytes);
  // Not of `image` itself: what is asked for as a whole comes as a whole.
  const { zipFiles } = await import('./zip-files.ts');
  return readFwupdRecording(zipFiles(bytes, '.json'));
}
