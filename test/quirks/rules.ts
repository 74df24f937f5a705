/** A device of the field that needs no row: what the host does for every device covers it. */
interface Ruled {
  readonly device: string;
  readonly symptom: string;
  readonly rule: string;
}

export const RULED: readonly Ruled[] = [
  {
    device: 'NXP LPC, and others that say run-time in DFU mode',
    symptom: 'DFU_DETACH is stalled, and nothing ever comes back',
    rule: 'a device is asked for its state before it is sent away; one of DFU mode counts as DFU mode',
  },
  {
    device: 'any with bcdDFUVersion 0x011a and names that describe no memory',
    symptom: 'taken for DfuSe, though its blocks are those of DFU 1.1',
    rule: 'DfuSe is spoken where the name of the alternate setting begins with `@`, or is not there; `--protocol` decides otherwise',
  },
  {
    device: 'OPC-20',
    symptom: 'bcdDFUVersion 0x1a01, the bytes of 0x011a swapped',
    rule: 'both are DfuSe',
  },
  {
    device: 'STM32F405 and others',
    symptom: 'report 100 ms for a mass erase, then answer nothing for as long as it takes',
    rule: '35 s for DFU_GETSTATUS behind what erases everything; `--timeout` for more',
  },
  {
    device: 'STM32L4',
    symptom: 'stalls some DFU_GETSTATUS while it erases a page',
    rule: 'three stalls in a row mean nothing; the pause that it last asked for comes between them',
  },
  {
    device: 'STM32H743, revision V',
    symptom: 'stays in dfuDNBUSY for ever behind its first MiB, into the next session too',
    rule: 'beyond `--busy-limit` a device that is found busy is sent DFU_CLRSTATUS, twice if need be',
  },
  {
    device: 'STM32F745',
    symptom: '104 ms for each block of 2048 bytes, whatever the flash needs',
    rule: 'it is obeyed; `--poll-time`, or a row of your own, says otherwise',
  },
  {
    device: 'GD32 and others',
    symptom: 'are off before they have answered the block that makes them leave',
    rule: 'behind that block a device that is gone has left, if its bus says so too',
  },
  {
    device: 'Black Magic Probe, Poly and others',
    symptom: 'say 0 ms in a state that has to be asked again',
    rule: 'asked again after 0, 1, 2 … 20 ms, as long as `--busy-limit` lets it',
  },
  {
    device: 'any',
    symptom: 'bwPollTimeout 0xffffff, memory that nobody has written',
    rule: 'counts as 0 ms',
  },
  {
    device: 'STM32F4, alternate `Device Feature`',
    symptom: 'a letter for its type that means nothing',
    rule: 'its type is `e`, as dfu-util has it',
  },
  {
    device: 'STM32F745, STM32F2',
    symptom: 'a memory layout with nothing or a letter where a multiplier should be',
    rule: 'bytes',
  },
  {
    device: 'Openmoko Freerunner',
    symptom: 'does not bear DFU_GETSTATUS between the blocks of an upload',
    rule: 'none is sent',
  },
  {
    device: 'any',
    symptom: 'wTransferSize 0, or 0xffff',
    rule: '64 bytes, or 4096, with a warning',
  },
  {
    device: 'DFU 1.0: a functional descriptor of 7 bytes, or none',
    symptom: 'no version, or nothing at all',
    rule: 'DFU 1.0 is taken; without a descriptor blocks of 64 bytes, with a warning; `-t` for others',
  },
  {
    device: 'devices with bit 7 of bmAttributes (ST, “accelerated”)',
    symptom: 'would take 4 KiB in a block of an upload',
    rule: 'wTransferSize is kept: what block numbers then count in is said nowhere',
  },
];
