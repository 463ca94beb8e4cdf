// The launcher for ARM64; launcher.rs says what it does. It is copied out of here and run elsewhere, so that
// nothing in it may depend on where it lies. Registers that the kernel leaves alone:
//   w20 the report's descriptor   x21 the candidate   x22 the empty argument   x25 the environment
//   w23 the last errno            w24 EACCES, once a candidate gave that

.pushsection .rodata.sprog_launcher,"a",@progbits
.balign 8
.globl sprog_launcher_start
.hidden sprog_launcher_start
sprog_launcher_start:
    ldr x1, [sp]
    add x2, sp, #8
    add x3, x2, x1, lsl #3
    add x25, x3, #8
    ldr x4, [x2]
    mov w20, #0
    mov w6, #10
.Lsprog_digit:
    ldrb w5, [x4], #1
    cbz w5, .Lsprog_number
    mul w20, w20, w6
    sub w5, w5, #48
    add w20, w20, w5
    b .Lsprog_digit
.Lsprog_number:
    add x21, x2, #8
    mov x22, x21
.Lsprog_seek:
    ldr x4, [x22]
    ldrb w5, [x4]
    cbz w5, .Lsprog_start
    add x22, x22, #8
    b .Lsprog_seek

.Lsprog_start:
    // fcntl(report, F_SETFD, FD_CLOEXEC)
    mov x8, #25
    mov w0, w20
    mov x1, #2
    mov x2, #1
    svc #0
    // The report: pid, errno.
    sub sp, sp, #16
    str xzr, [sp]
    // clone(CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD), on this stack, which we do not touch meanwhile
    mov x8, #220
    mov x0, #0xC111
    mov x1, #0
    mov x2, #0
    mov x3, #0
    mov x4, #0
    svc #0
    cbz x0, .Lsprog_child
    tbnz x0, #63, .Lsprog_no_clone
    str w0, [sp]
    b .Lsprog_report
.Lsprog_no_clone:
    neg w0, w0
    str w0, [sp, #4]
.Lsprog_report:
    // write(report, sp, 8); exit_group(0)
    mov x8, #64
    mov w0, w20
    mov x1, sp
    mov x2, #8
    svc #0
    mov x8, #94
    mov x0, #0
    svc #0

.Lsprog_child:
    mov w23, #2
    mov w24, #0
.Lsprog_try:
    cmp x21, x22
    b.eq .Lsprog_exhausted
    // execve(candidate, what follows the empty argument, environment)
    ldr x0, [x21]
    add x1, x22, #8
    mov x2, x25
    mov x8, #221
    svc #0
    neg w23, w0
    cmp w23, #8
    b.eq .Lsprog_shell
    cmp w23, #13
    b.eq .Lsprog_denied
    cmp w23, #2
    b.eq .Lsprog_next
    cmp w23, #116
    b.eq .Lsprog_next
    cmp w23, #20
    b.eq .Lsprog_next
    cmp w23, #19
    b.eq .Lsprog_next
    cmp w23, #110
    b.eq .Lsprog_next
    b .Lsprog_failed
.Lsprog_denied:
    mov w24, #13
.Lsprog_next:
    add x21, x21, #8
    b .Lsprog_try
.Lsprog_shell:
    // ENOEXEC: execve("/bin/sh", ["/bin/sh", candidate, the arguments...], environment)
    adr x0, .Lsprog_shell_path
    str x0, [x22]
    ldr x4, [x21]
    str x4, [x22, #8]
    mov x1, x22
    mov x2, x25
    mov x8, #221
    svc #0
    neg w23, w0
    b .Lsprog_failed
.Lsprog_exhausted:
    cbz w24, .Lsprog_failed
    mov w23, w24
.Lsprog_failed:
    // For the launcher to report. exit_group(127)
    str w23, [sp, #4]
    mov x8, #94
    mov x0, #127
    svc #0
.Lsprog_shell_path:
    .asciz "/bin/sh"
.globl sprog_launcher_end
.hidden sprog_launcher_end
sprog_launcher_end:
    .byte 0
.popsection
