import { attempt } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { RiotbootFolder } from '../riotboot-vectors.ts';
import { replayControl } from './replay-control.ts';
import { replayFlashwrite } from './replay-flashwrite.ts';
import { replayGenhdr } from './replay-genhdr.ts';
import { replayImages } from './replay-images.ts';
import { replaySelection } from './replay-selection.ts';

type Replay = (
  folder: RiotbootFolder,
  file: string,
) => readonly ReplayedCase[] | Promise<readonly ReplayedCase[]>;

/** The recordings, by file. */
const replays: Readonly<Record<string, readonly Replay[]>> = {
  'genhdr.json': [replayGenhdr, replayImages],
  'selection.json': [replaySelection],
  'flashwrite.json': [replayFlashwrite],
  'dfu-control.json': [replayControl],
};

export const FILES: readonly string[] = Object.keys(replays);

/** Replays what there is in a folder. */
export async function replayFolder(
  root: string,
  report: (found: ReplayedCase) => void,
): Promise<void> {
  const folder = new RiotbootFolder(root);
  for (const [file, all] of Object.entries(replays)) {
    if (!folder.has(file)) continue;
    for (const replay of all) {
      const cases: ReplayedCase[] = [];
      const whole = await attempt(file, async () => {
        cases.push(...(await replay(folder, file)));
        return [];
      });
      for (const { name, differences } of whole.differences.length > 0 ? [] : cases) {
        report({ name: `${file}: ${name}`, differences });
      }
      if (whole.differences.length > 0) report(whole);
    }
  }
}
