import type { DfuFlasherElement } from 'dfukit/dfu-flasher';
import type { BoardClient, Sample } from '../boards/board-client.ts';

/**
 * Connects if that has not been done, and gives the flasher a sample of that board. Where it goes is said for the
 * person as soon as the device has told which places there are: one in run-time mode does so when it is flashed.
 */
export async function trySample(
  flasher: DfuFlasherElement,
  client: BoardClient,
  { id, fileName, alternate }: Sample,
): Promise<void> {
  const bytes = await client.sample(id);
  const { step } = flasher.state;
  if (step === 'idle' || step === 'ended') await flasher.connect();
  const file = new File([bytes.slice()], fileName);
  if (alternate !== undefined) saysWhere(flasher, fileName, alternate);
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
