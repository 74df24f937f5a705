import type { DfuProfile } from '../dfu/profile.ts';
import { COMPATIBLE } from './standard.ts';

const CLASS = 'usbd-dfu-rt 0.3.1 and 0.4.0, src/class.rs';

/** The crate usbd-dfu-rt as it answers, on the crate usb-device 0.2.9; both with their defects. */
export const USBD_DFU_RT: DfuProfile = {
  ...COMPATIBLE,
  name: 'usbd-dfu-rt',
  isOriginal: true,
  deviations: [
    {
      name: 'DETACH starts anew',
      why: `${CLASS}: allow() is asked in either state, and its time replaces the one that runs`,
      states: ['appDETACH'],
      events: ['DETACH'],
      effect: { do: 'detach' },
    },
    {
      name: 'appDETACH survives refused requests',
      why: `${CLASS}: what it does not know it leaves to usb-device, which stalls`,
      states: ['appDETACH'],
      events: ['DNLOAD', 'DNLOAD_END', 'UPLOAD', 'CLRSTATUS', 'ABORT', 'OTHER'],
      effect: { do: 'stall' },
    },
    {
      name: 'no GETSTATE',
      why: `${CLASS}: only DETACH and GETSTATUS are answered`,
      states: ['appIDLE', 'appDETACH'],
      events: ['GETSTATE'],
      effect: { do: 'stall' },
    },
    {
      name: 'appDETACH for ever',
      why: `${CLASS}: nothing sets the state back when no reset came in time`,
      states: ['appDETACH'],
      events: ['DETACH_TIMEOUT'],
      effect: { do: 'nothing' },
    },
    {
      name: 'appDETACH after detach()',
      why: `${CLASS}: nor when the device should have left`,
      states: ['appDETACH'],
      events: ['DETACH_DUE'],
      effect: { do: 'enter' },
    },
    {
      name: 'appDETACH if it stays after all',
      why: `${CLASS}: detach() that comes back leaves the state as it is`,
      states: ['appDETACH'],
      events: ['BEGIN_RUNTIME'],
      effect: { do: 'nothing' },
    },
    {
      name: 'resets that nobody waits for',
      why: `${CLASS}: a reset counts without WILL_DETACH only, and only while the time runs`,
      states: ['appDETACH'],
      events: ['RESET'],
      when: 'noResetAwaited',
      effect: { do: 'nothing' },
    },
    {
      name: 'appDETACH after the reset',
      why: `${CLASS}: detach() is called, the state stays`,
      states: ['appDETACH'],
      events: ['RESET'],
      effect: { do: 'enter' },
    },
  ],
  runtimeOnly: true,
  // src/class.rs: control_out() looks at no length.
  takesStrayData: true,
  functional: {
    // src/class.rs: bit 1 is made from CAN_DNLOAD; CAN_UPLOAD has no effect.
    uploadBitIsDownloadBit: true,
    // src/class.rs: "1.1a", which to hosts means DfuSe.
    bcdDFUVersion: 0x011a,
    // src/class.rs: MAX_TRANSFER_SIZE is not looked at.
    leastTransferSize: 0,
  },
  // usb-device 0.2.9, src/device.rs and src/control_pipe.rs.
  control: {
    noClassDescriptors: true,
    anyInterface: true,
    beforeConfiguration: true,
    dataFirst: true,
    mostDataBytes: { out: 128, in: 0xffff },
  },
};
