import { writePublicPem } from 'dfukit/image';
import type { Key } from 'dfukit/image';
import { explorePowerCuts, findingVectors, vectorConfigOf } from 'dfukit/lab';
import type { CutProgress, CutReport, LabDevice } from 'dfukit/lab';
import { gzipSync, strToU8 } from 'fflate';
import { Problem } from '../problem.ts';
import type { CutOrder, SentFile, SentReport } from './cut-calls.ts';
import { SwapStage } from './swap-stage.ts';

/** Tries all power cuts of one boot, and keeps what came of it: in a worker, and in tests. */
export class CutStage {
  #explored: { readonly device: LabDevice; readonly report: CutReport } | undefined;

  async explore(
    { scenario, story, kinds, twice }: CutOrder,
    onProgress: (progress: CutProgress) => Promise<void> = async () => {},
  ): Promise<SentReport> {
    const stage = new SwapStage();
    await stage.open(scenario);
    await stage.play(story);
    const device = stage.end();
    const report = await explorePowerCuts(device, { kinds, twice, onProgress });
    this.#explored = { device, report };
    const { sectors, sizeBytes } = device.flash;
    return {
      ...report,
      findings: report.findings.map(({ spot: _, ...finding }) => finding),
      sectorOffsets: [...sectors.in(0, sizeBytes)].map(({ offsetBytes }) => offsetBytes),
    };
  }

  async vectors(number: number): Promise<readonly SentFile[]> {
    const { device, report } = this.#explored ?? {};
    const finding = report?.findings[number];
    if (device === undefined || report === undefined || finding === undefined) {
      throw new Problem(`there is no finding ${number}`);
    }
    const { flash, config } = device;
    const layout = { geometry: flash.geometry, config };
    const { keys = [] } = device;
    const names = {
      signature: signatureOf(keys),
      publicKeys: keys.map((_, n) => `keys/${n}.pub.pem`),
    };
    const name = `${finding.outcome}-${finding.cuts.map(({ operation, kind }) => `${operation}${kind}`).join('-')}`;
    const { files } = await findingVectors(device, vectorConfigOf(layout, names), {
      report,
      finding,
      name,
    });
    return [
      ...keys.map((key, n) => ({
        path: `keys/${n}.pub.pem`,
        bytes: own(strToU8(writePublicPem(key))),
      })),
      ...files.map(({ path, contents }) => ({
        path,
        bytes: typeof contents === 'string' ? own(strToU8(contents)) : own(gzipSync(contents)),
      })),
    ];
  }
}

/** All of them are of one kind that signs. */
function signatureOf([key]: readonly Key[]): Exclude<Key['kind'], 'x25519'> | 'none' {
  return key === undefined || key.kind === 'x25519' ? 'none' : key.kind;
}

const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);
