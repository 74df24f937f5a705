import type {
  BootControl,
  BootDecision,
  BootSurroundings,
  Bootloader,
  BootloaderRecord,
  ImageInspector,
} from '../board/index.ts';
import type { NorFlash } from '../flash/index.ts';
import type { Work } from './work.ts';

/** What is seen of a bootloader at work. */
interface BootloaderWatch {
  readonly flash: NorFlash;
  readonly work: Work;
  /** A start begins. */
  readonly begins: () => void;
}

/** What a bootloader has decided that wrote nothing, and what it said meanwhile. */
interface Remembered {
  readonly operations: number;
  readonly buttonPressed: boolean;
  readonly decision: BootDecision;
  readonly lines: readonly string[];
}

/**
 * The same bootloader, whose work can be seen from outside: what it hashes and verifies is followed. Where neither flash
 * nor button has changed since it last decided in that way, it decides the same again at once: a day of watchdog resets
 * is a matter of milliseconds.
 */
export function watchedBootloader(
  record: BootloaderRecord,
  watch: BootloaderWatch,
): BootloaderRecord {
  return { ...record, make: (order) => watched(record.make(order), watch) };
}

function watched(own: Bootloader, watch: BootloaderWatch): Bootloader {
  const { name, platform, dfu, areas } = own;
  const bootControl = own.bootControl?.bind(own);
  return {
    name,
    platform,
    dfu,
    areas,
    decide: decider(own, watch),
    ...(own.requestDfuMode && { requestDfuMode: own.requestDfuMode.bind(own) }),
    ...(own.dfuMode && { dfuMode: own.dfuMode.bind(own) }),
    ...(bootControl && {
      bootControl: (flash, slot) => watchedControl(bootControl(flash, slot), watch),
    }),
  };
}

function decider(own: Bootloader, { flash, work, begins }: BootloaderWatch): Bootloader['decide'] {
  let before: Remembered | undefined;
  const slowly = async (
    around: BootSurroundings,
    decision: Promise<BootDecision>,
    { operations, lines }: Pick<Remembered, 'operations' | 'lines'>,
  ): Promise<BootDecision> => {
    const made = await decision;
    const { buttonPressed } = around;
    if (flash.operations === operations)
      before = { operations, buttonPressed, decision: made, lines };
    return made;
  };
  return (around) => {
    begins();
    const { operations } = flash;
    const { buttonPressed, print } = around;
    if (before?.operations === operations && before.buttonPressed === buttonPressed) {
      for (const line of before.lines) print(line);
      return before.decision;
    }
    const lines: string[] = [];
    const noting = (line: string): void => {
      lines.push(line);
      print(line);
    };
    const decision = own.decide({ ...around, print: noting });
    if (!('then' in decision)) return decision;
    return work.follow(slowly(around, decision, { operations, lines }));
  };
}

function watchedControl(own: BootControl, { work }: BootloaderWatch): BootControl {
  return {
    otherSlot: own.otherSlot,
    requestUpgrade: (permanent) => own.requestUpgrade(permanent),
    confirm: () => own.confirm(),
    isConfirmed: () => own.isConfirmed(),
    swapType: () => own.swapType(),
    eraseUpgrade: () => own.eraseUpgrade(),
    inspector: (area) => watchedInspector(own.inspector(area), work),
  };
}

function watchedInspector(own: ImageInspector | undefined, work: Work): ImageInspector | undefined {
  return (
    own && {
      take: (bytes) => own.take(bytes),
      missing: (lengthBytes) => own.missing(lengthBytes),
      judge: () => work.follow(own.judge()),
    }
  );
}
