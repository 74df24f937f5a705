@ Several program headers, a load address that is not the run address, gaps, .bss.
        .syntax unified
        .cpu cortex-m0
        .thumb

        .section .vectors, "a"
        .word   0x20001000
        .word   start + 1
        .fill   6, 4, 0x11223344

        .section .text, "ax"
        .global start
        .thumb_func
start:  b       start
        .fill   37, 1, 0xa5

        .section .data, "aw"
        .fill   21, 1, 0x5a

        .section .bss, "aw", %nobits
        .space  4096

        .section .far, "a"
        .fill   300, 1, 0x3c

        .section .options, "a"
        .word   0x5aa555aa
