import { ApplicationSide } from 'dfukit/boot/mcuboot';
import type { BootOperation } from 'dfukit/boot/mcuboot';
import {
  ImagePieces,
  forkDevice,
  mapFlash,
  placeOfOperation,
  readTrailer,
  recordBoot,
  tellOperation,
} from 'dfukit/lab';
import type { DoneOperation, FlashMap, LabDevice, RecordedBoot } from 'dfukit/lab';
import { outlineOf } from '../../boards/flash-outline.ts';
import { Problem } from '../problem.ts';
import { mcubootBoards, sceneDevice } from './scenario.ts';
import type { Scenario } from './scenario-choices.ts';
import type { SceneDevice } from './scenario.ts';
import type { Story, StoryStep } from './story.ts';
import type { Moment, MomentWords, PlayedStep, Scene, SceneOperation } from './swap-calls.ts';

/** A boot that does more is not shown. */
const MOST_OPERATIONS = 20_000;

/** What a device was before a step, and what the step did. */
interface Kept {
  readonly before: LabDevice;
  readonly after: LabDevice;
  readonly boot: RecordedBoot | undefined;
  /** Operations that were done, of a boot that was cut. */
  readonly done: number;
  readonly report: PlayedStep;
}

const areaNames = ({
  config,
}: LabDevice): ('scratch' | `primary${number}` | `secondary${number}`)[] => [
  ...config.images.flatMap((_, n) => [`primary${n}`, `secondary${n}`] as const),
  ...(config.algorithm === 'swap-using-scratch' ? (['scratch'] as const) : []),
];

/** The device that is watched: in a worker, and in tests. */
export class SwapStage {
  #scene: (SceneDevice & { readonly pieces: ImagePieces }) | undefined;
  #story: Story = [];
  #kept: Kept[] = [];

  async open(scenario: Scenario): Promise<Scene> {
    const scene = await sceneDevice(scenario);
    const pieces = new ImagePieces(scene.device);
    this.#scene = { ...scene, pieces };
    this.#story = [];
    this.#kept = [];
    const { device, baseAddress } = scene;
    return {
      geometry: outlineOf(device.flash.geometry, baseAddress),
      areas: areaNames(device).map((name) => {
        const { layout } = readTrailer(device, name);
        const place = placeOfOperation(device, {
          kind: 'erase',
          area: name,
          offsetBytes: 0,
          lengthBytes: 0,
        });
        const { offsetBytes } = place;
        const { trailerBytes, status } = layout;
        return { name, offsetBytes, sizeBytes: status + trailerBytes, trailerBytes };
      }),
      pieceBytes: pieces.pieceBytes,
      images: pieces.images.map(({ version, sizeBytes }) => ({
        name: version,
        pieces: Math.ceil(sizeBytes / pieces.pieceBytes),
      })),
      boards: mcubootBoards(),
    };
  }

  /** Plays a story; what it begins with as the last one did is not played again. */
  async play(story: Story): Promise<readonly PlayedStep[]> {
    const { device } = this.#opened();
    const same = story.findIndex(
      (step, n) => JSON.stringify(step) !== JSON.stringify(this.#story[n]),
    );
    this.#kept = this.#kept.slice(0, same < 0 ? story.length : same);
    this.#story = story;
    for (let n = this.#kept.length; n < story.length; n += 1) {
      const before = this.#kept.at(-1)?.after ?? device;
      const step = story[n];
      if (step === undefined) break;
      this.#kept.push(step.do === 'boot' ? await this.#boot(before, step) : this.#confirm(before));
    }
    return this.#kept.map(({ report }) => report);
  }

  #opened(): SceneDevice & { readonly pieces: ImagePieces } {
    if (this.#scene === undefined) throw new Error('nothing is open');
    return this.#scene;
  }

  #lastBoot(): RecordedBoot | undefined {
    return this.#kept.findLast(({ boot }) => boot !== undefined)?.boot;
  }

  #codes({ flash }: LabDevice): number[] {
    return this.#opened().pieces.codes(flash, [0, flash.sizeBytes]);
  }

  async #boot(before: LabDevice, { cut }: StoryStep & { do: 'boot' }): Promise<Kept> {
    const boot = await recordBoot(before, {
      mostOperations: MOST_OPERATIONS,
      after: this.#lastBoot(),
    });
    const { length } = boot.operations;
    const falls = cut !== undefined && cut.operation < length ? cut : undefined;
    if (cut !== undefined && falls === undefined) {
      throw new Problem(
        `this boot has ${length} operations, and none with number ${cut.operation} to cut`,
      );
    }
    const done = falls?.operation ?? length;
    const operations = this.#shownAll(boot, done);
    const after = falls === undefined ? boot.at(length) : boot.cut(done, falls.kind);
    const torn = boot.operations[done];
    const report: PlayedStep = {
      do: 'boot',
      before: this.#codes(before),
      operations,
      cut:
        falls === undefined || torn === undefined
          ? undefined
          : { operation: done, kind: falls.kind, torn: this.#shown(torn, after) },
      log: boot.log.filter(({ operation }) => falls === undefined || operation <= done),
      end: falls === undefined ? endOf(boot) : `the power was cut (${falls.kind})`,
      good: falls === undefined && boot.result.outcome === 'ok',
    };
    return { before, after, boot, done, report };
  }

  #shownAll(boot: RecordedBoot, count: number): SceneOperation[] {
    const device = boot.at(0);
    return boot.operations.slice(0, count).map((operation, n) => {
      const { offsetBytes, sizeBytes } = placeOfOperation(device, operation);
      const bytes = boot.bytesOf(n);
      if (bytes === undefined) device.flash.erase(offsetBytes, sizeBytes);
      else device.flash.program(offsetBytes, bytes);
      return this.#shown(operation, device);
    });
  }

  #shown(operation: DoneOperation, after: LabDevice): SceneOperation {
    const { pieces } = this.#opened();
    const place = placeOfOperation(after, operation);
    const size = pieces.pieceBytes;
    const first = Math.floor(place.offsetBytes / size);
    const end = Math.ceil((place.offsetBytes + place.sizeBytes) / size);
    const codes = pieces.codes(after.flash, [
      first * size,
      Math.min(end * size, after.flash.sizeBytes),
    ]);
    return {
      type: operation.kind === 'erase' ? 'erase' : 'program',
      area: operation.area,
      ...place,
      pieces: codes.flatMap((code, n) => [first + n, code]),
    };
  }

  #confirm(before: LabDevice): Kept {
    const after = forkDevice(before);
    const done: BootOperation[] = [];
    const side = new ApplicationSide(
      after.flash,
      after.config,
      ({ bytes: _, ...rest }) => void done.push(rest),
    );
    const results = after.config.images.map((_, image) => side.setConfirmed(image));
    const good = results.every((result) => result === 0);
    const report: PlayedStep = {
      do: 'confirm',
      before: this.#codes(before),
      operations: done.map((each) => this.#shown(each, after)),
      cut: undefined,
      log: [],
      end: good
        ? 'the application confirms the image that runs'
        : `boot_set_confirmed fails with ${results.join(', ')}`,
      good,
    };
    return { before, after, boot: undefined, done: done.length, report };
  }

  #at({ step, done }: Moment): { readonly kept: Kept; readonly device: LabDevice } {
    const kept = this.#kept[step];
    if (kept === undefined)
      throw new Problem(`expected a step below ${this.#kept.length}, got ${step}`);
    const cutOff = kept.report.cut !== undefined && done > kept.done;
    if (kept.boot === undefined) return { kept, device: done > 0 ? kept.after : kept.before };
    return { kept, device: cutOff ? kept.after : kept.boot.at(Math.min(done, kept.done)) };
  }

  /** What was done last, what comes next, and what the trailers say. */
  async tell(moment: Moment): Promise<MomentWords> {
    const { kept, device } = this.#at(moment);
    const { pieces } = this.#opened();
    const { boot } = kept;
    const words = (number: number): MomentWords['last'] =>
      boot === undefined || number < 0 ? undefined : tellOperation({ boot, number, pieces });
    return {
      last: words(moment.done - 1),
      next: words(moment.done),
      trailers: areaNames(device).map((area) => ({
        area,
        fields: readTrailer(device, area).fields.map(
          ({ name, meaning }) => [name, meaning] as const,
        ),
      })),
    };
  }

  async explain(moment: Moment): Promise<FlashMap> {
    return mapFlash(this.#at(moment).device, { areas: this.#opened().areas });
  }

  /** The device after all that was played. */
  end(): LabDevice {
    return this.#kept.at(-1)?.after ?? this.#opened().device;
  }
}

function endOf({ result, runs }: RecordedBoot): string {
  const { outcome, reason } = result;
  if (outcome === 'ok') return `runs ${runs.map(({ name }) => name).join('; ')}`;
  return `runs nothing (${outcome}${reason === undefined ? '' : `: ${reason}`})`;
}
