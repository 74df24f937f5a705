import { ExitCode, cannot } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Most bytes of what has no size: /dev/zero has no end. */
const MOST_BYTES = 0x10000000;

/** A file's bytes; `-` is standard input. Throws where they cannot be read, with an exit code of its own. */
export async function readInput(terminal: Terminal, path: string): Promise<Uint8Array> {
  if (path !== '-') return terminal.files.read(path);
  try {
    return await readAll(terminal.in);
  } catch (error) {
    throw cannot('read standard input', error, ExitCode.noInput);
  }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    total += chunk.length;
    if (total <= MOST_BYTES) continue;
    throw new Error(`expected an end within ${MOST_BYTES} bytes; put what is wanted into a file`);
  }
  return Buffer.concat(chunks);
}
