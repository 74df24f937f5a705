import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import {
  encodePcapng,
  encodeTrace,
  readTrace,
  traceLines,
  tracePayloadLeftOut,
  traceSerialsMasked,
} from '../../trace/index.ts';
import type { Trace } from '../../trace/index.ts';
import { addExamples } from '../shared/examples.ts';
import type { Terminal } from '../shared/terminal.ts';
import { isPcapngPath, readTraceFile, refuseSame, refuseStranger } from '../shared/trace-file.ts';

const FILE = 'a trace of NDJSON, a report of doctor, or what fwupd has recorded (.json, .zip)';

function showCommand(terminal: Terminal): Command {
  const made = new Command('show')
    .description('what happened, a line a request: seconds, device, request, answer, time')
    .argument('<file>', FILE)
    .option('--json', 'the records, one JSON object a line')
    .action(async (path: string, options: { readonly json?: true }) => {
      const trace = await readTraceFile(terminal.files, path);
      if (options.json === true) terminal.out.write(encodeTrace(trace.header, trace.records));
      else for (const line of traceLines(trace)) terminal.out.write(`${line}\n`);
    });
  return addExamples(
    made,
    'dfukit trace show download.ndjson',
    'dfukit trace show download.ndjson | grep dfuERROR',
  );
}

interface ConvertOptions {
  readonly enclosed?: true | undefined;
}

function convertCommand(terminal: Terminal): Command {
  const made = new Command('convert')
    .description('write a trace as pcapng, which Wireshark and tshark decode, or as NDJSON')
    .argument('<file>', FILE)
    .argument('<to>', 'pcapng if it is called .pcapng, else NDJSON')
    .option('--enclosed', 'the trace that a report has inside')
    .action(async (path: string, to: string, options: ConvertOptions) => {
      refuseSame(path, to);
      const trace = await readTraceFile(terminal.files, path);
      await write(terminal, to, options.enclosed === true ? enclosedIn(path, trace) : trace);
    });
  return addExamples(
    made,
    'dfukit trace convert download.ndjson download.pcapng',
    'dfukit trace convert fwupd.zip recording.ndjson',
    'dfukit trace convert report.ndjson failed.ndjson --enclosed',
  );
}

/** Throws `NOT_FOUND` if there is none. */
function enclosedIn(path: string, { records }: Trace): Trace {
  const found = records.find(({ type }) => type === 'enclosed');
  if (found?.type !== 'enclosed') {
    throw new DfuError('NOT_FOUND', `${path}: expected a trace inside of it, found none`);
  }
  return readTrace(`${found.lines.join('\n')}\n`);
}

interface RedactOptions {
  readonly withSerials?: true | undefined;
  readonly withPayload?: true | undefined;
}

function redactCommand(terminal: Terminal): Command {
  const made = new Command('redact')
    .description(
      'write a trace that may be given away: of the firmware lengths and hashes, for serial numbers stand-ins',
    )
    .argument('<file>', FILE)
    .argument('<to>', 'pcapng if it is called .pcapng, else NDJSON')
    .option('--with-serials', 'leave serial numbers in it')
    .option('--with-payload', 'leave the bytes of the firmware in it')
    .action(async (path: string, to: string, options: RedactOptions) => {
      refuseSame(path, to);
      const trace = await readTraceFile(terminal.files, path);
      const bare = options.withPayload === true ? trace : tracePayloadLeftOut(trace);
      await write(terminal, to, options.withSerials === true ? bare : traceSerialsMasked(bare));
    });
  return addExamples(
    made,
    'dfukit trace redact download.ndjson for-the-maintainers.ndjson',
    'dfukit trace redact download.ndjson download.pcapng --with-serials',
  );
}

async function write(terminal: Terminal, path: string, trace: Trace): Promise<void> {
  refuseStranger(terminal.files, path);
  const { header, records } = trace;
  const bytes = isPcapngPath(path)
    ? encodePcapng(header, records)
    : Buffer.from(encodeTrace(header, records));
  await terminal.files.write(path, bytes);
}

/** `dfukit trace`. */
export function command(terminal: Terminal): Command {
  const made = new Command('trace')
    .description('traces: what --trace has written down, to be read, converted, given away')
    .addCommand(showCommand(terminal))
    .addCommand(convertCommand(terminal))
    .addCommand(redactCommand(terminal));
  return addExamples(
    made,
    'dfukit download firmware.dfu --trace download.ndjson     write one',
    'dfukit trace show download.ndjson',
    'dfukit download firmware.dfu --replay download.ndjson    play it back',
  );
}
