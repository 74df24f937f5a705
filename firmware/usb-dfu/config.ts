/** Offer the slot that is not running as a second memory. The builder puts the value in. */
declare const CONFIG_APP_USB_DFU_USE_FLASH_BACKEND: boolean;

/** Whether this firmware is built with its flash backend. */
export const useFlashBackend: boolean = CONFIG_APP_USB_DFU_USE_FLASH_BACKEND;
