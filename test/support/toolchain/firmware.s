/* A program as small as can be with all that a real one has: vectors, data copied from flash, a hole,
   configuration words (UICR), external flash, RAM that is not loaded. */
        .syntax unified
        .cpu    cortex-m4
        .thumb
        .section .vectors, "a"
        .word   0x20004000
        .word   reset + 1
        .fill   14, 4, 0
        .section .text, "ax"
        .thumb_func
reset:  b       reset
        .ascii  "text"
        .section .hole, "a"
        .ascii  "behind a hole"
        .section .data, "aw"
        .ascii  "data"
        .section .bss, "aw", %nobits
        .space  64
        .section .uicr, "a"
        .word   0xfffffffe
        .section .external, "a"
        .ascii  "external flash"
