/**
 * The laboratory: what a dump of flash means, what the next boots will do, why an image is refused,
 * where each power cut leads.
 *
 * @module
 */
export { buildDoubts } from './build-doubts.ts';
export { drawCutMap, outcomeWords } from './cut-map.ts';
export type { DrawnCuts, DrawnOperation } from './cut-map.ts';
export { findingVectors } from './cut-vectors.ts';
export type { FindingVectors, VectorFile } from './cut-vectors.ts';
export { cutOutcomes } from './endings.ts';
export type { CutOutcome } from './endings.ts';
export { explorePowerCuts } from './power-cuts.ts';
export type { CutOptions, CutProgress } from './power-cuts.ts';
export type {
  CutCase,
  CutCounts,
  CutFinding,
  CutOperation,
  CutReport,
  OutcomeCounts,
} from './cut-report.ts';
export { dumpOf, forkDevice, openDump } from './device.ts';
export type { FlashLayout, LabDevice } from './device.ts';
export type { ExplainedRange, FlashArea, FlashKnowledge, RangeKind } from './flash-ranges.ts';
export { fitImage } from './fit.ts';
export type { FitReport, SlotPart } from './fit.ts';
export { fitUpdate } from './fit-update.ts';
export type { FitVerdict } from './fit-update.ts';
export type { Candidate, Rehearsal } from './rehearse.ts';
export { guessLayouts } from './guess.ts';
export type { Guess, GuessLimits, GuessProgress } from './guess.ts';
export { ERASED_PIECE, ImagePieces, OTHER_PIECE } from './image-pieces.ts';
export type { PiecedImage } from './image-pieces.ts';
export { layoutText } from './layout-text.ts';
export { layoutDoubts, maxSectorsFor } from './layout-doubts.ts';
export type { RunningSlot } from './image-names.ts';
export { inspectFlash } from './inspect.ts';
export { Inspections } from './inspections.ts';
export type { FlashReport, McubootSlotReport } from './inspect.ts';
export { mapFlash } from './map-flash.ts';
export type { FlashMap, MapOptions } from './map-flash.ts';
export { bootAhead, stageUpdate } from './predict.ts';
export type {
  AheadOptions,
  BootStep,
  ConfirmStep,
  DoneOperation,
  SectorErases,
  Step,
} from './predict.ts';
export { placeOfOperation, tellOperation } from './operation-words.ts';
export type { OperationWords, ToldBoot } from './operation-words.ts';
export { recordBoot } from './recorded-boot.ts';
export type { LogLine, RecordOptions, RecordedBoot } from './recorded-boot.ts';
export { slotFacts } from './slot-words.ts';
export type { DumpReader, DumpReading, SlotReading } from './dump-reading.ts';
export { inspectRiotbootFlash } from './riotboot.ts';
export type { RiotbootReport, RiotbootSlotReport } from './riotboot.ts';
export { describeState } from './state.ts';
export { readTrailer } from './trailer-report.ts';
export type { TrailerFieldName } from './trailer-fields.ts';
export type { TrailerField, TrailerReport } from './trailer-report.ts';
export { readVectorConfig } from './read-vector-config.ts';
export type { ReadLayout } from './read-vector-config.ts';
export { vectorConfigOf } from './vector-config.ts';
export type { VectorConfig, VectorNames } from './vector-config.ts';
export { vectorDoubts } from './vector-doubts.ts';
export { compareWear } from './wear.ts';
export type { AlgorithmWear, AreaErases, BootWear } from './wear.ts';
export { explainSlots } from './why.ts';
export type { SlotExplanation } from './why.ts';
