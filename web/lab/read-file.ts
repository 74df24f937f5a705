import { Problem } from './problem.ts';

/** What a file of the person's own holds. Throws `Problem` for a folder, and for a file that cannot be read any more. */
export async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    const message = `${file.name} cannot be read: is it a folder, or has it been moved or changed?`;
    throw new Problem(message, { cause });
  }
}
