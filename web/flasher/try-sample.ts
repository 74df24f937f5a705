import type { DfuFlasherElement } from 'dfukit/dfu-flasher';
import type { BoardClient, Sample } from '../boards/board-client.ts';
import { Problem } from '../lab/problem.ts';

/**
 * Connects if that has not been done, and gives the flasher a sample of that board. Where it goes is said for the
 * person as soon as the device has told which places there are: one in run-time mode does so when it is flashed.
 * Throws `Problem` while a device is flashed.
 */
export async function trySample(
  flasher: DfuFlasherElement,
  client: BoardClient,
  { id, fileName, alternate }: Sample,
): Promise<void> {
  const bytes = await client.sample(id);
  await giveFile(flasher, new File([bytes.slice()], fileName), alternate);
}

/** Connects if that has not been done, and gives the flasher a file. Throws `Problem` while a device is flashed. */
export async function giveFile(
  flasher: DfuFlasherElement,
  file: File,
  alternate?: number,
): Promise<void> {
  const { step } = flasher.state;
  if (step === 'working')
    throw new Problem(
      `${file.name} was not taken: the flasher is at work. Wait until it has ended.`,
    );
  if (step === 'idle' || step === 'ended') await flasher.connect();
  if (alternate !== undefined) saysWhere(flasher, file.name, alternate);
  await flasher.chooseFile(file);
}

/** Once; what a person chooses afterwards, or another file, is the person's. */
function saysWhere(flasher: DfuFlasherElement, fileName: string, alternate: number): void {
  const heard = new AbortController();
  flasher.addEventListener(
    'dfu-state',
    ({ detail }: CustomEvent<DfuFlasherElement['state']>) => {
      if (detail.step === 'reading' || detail.step === 'working') return;
      const isIt = detail.step === 'chosen' && detail.file.name === fileName;
      if (isIt && detail.file.alternates.length === 0) return;
      heard.abort();
      if (isIt) void flasher.chooseAlternate(alternate);
    },
    { signal: heard.signal },
  );
}
