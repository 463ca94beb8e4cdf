# The launcher for x86-64; launcher.rs says what it does. It is copied out of here and run elsewhere, so that
# nothing in it may depend on where it lies. Registers that the kernel leaves alone:
#   r12 the report's descriptor   r13 the candidate   r14 the empty argument   r15 the environment
#   ebp the last errno            ebx EACCES, once a candidate gave that

.pushsection .rodata.sprog_launcher,"a",@progbits
.balign 8
.globl sprog_launcher_start
.hidden sprog_launcher_start
sprog_launcher_start:
    mov rsi, [rsp]
    lea rdi, [rsp + 8]
    lea r15, [rdi + rsi * 8 + 8]
    mov rsi, [rdi]
    xor r12d, r12d
.Lsprog_digit:
    movzx eax, byte ptr [rsi]
    test eax, eax
    jz .Lsprog_number
    imul r12d, r12d, 10
    lea r12d, [r12 + rax - 48]
    inc rsi
    jmp .Lsprog_digit
.Lsprog_number:
    lea r13, [rdi + 8]
    mov r14, r13
.Lsprog_seek:
    mov rax, [r14]
    cmp byte ptr [rax], 0
    je .Lsprog_start
    add r14, 8
    jmp .Lsprog_seek

.Lsprog_start:
    # fcntl(report, F_SETFD, FD_CLOEXEC)
    mov eax, 72
    mov edi, r12d
    mov esi, 2
    mov edx, 1
    syscall
    # The report: pid, errno.
    sub rsp, 16
    mov qword ptr [rsp], 0
    # clone(CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD), on this stack, which we do not touch meanwhile
    mov eax, 56
    mov edi, 0xC111
    xor esi, esi
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    syscall
    test eax, eax
    jz .Lsprog_child
    js .Lsprog_no_clone
    mov [rsp], eax
    jmp .Lsprog_report
.Lsprog_no_clone:
    neg eax
    mov [rsp + 4], eax
.Lsprog_report:
    # write(report, rsp, 8); exit_group(0)
    mov eax, 1
    mov edi, r12d
    mov rsi, rsp
    mov edx, 8
    syscall
    mov eax, 231
    xor edi, edi
    syscall

.Lsprog_child:
    mov ebp, 2
    xor ebx, ebx
.Lsprog_try:
    cmp r13, r14
    je .Lsprog_exhausted
    # execve(candidate, what follows the empty argument, environment)
    mov rdi, [r13]
    lea rsi, [r14 + 8]
    mov rdx, r15
    mov eax, 59
    syscall
    neg eax
    mov ebp, eax
    cmp ebp, 8
    je .Lsprog_shell
    cmp ebp, 13
    je .Lsprog_denied
    cmp ebp, 2
    je .Lsprog_next
    cmp ebp, 116
    je .Lsprog_next
    cmp ebp, 20
    je .Lsprog_next
    cmp ebp, 19
    je .Lsprog_next
    cmp ebp, 110
    je .Lsprog_next
    jmp .Lsprog_failed
.Lsprog_denied:
    mov ebx, 13
.Lsprog_next:
    add r13, 8
    jmp .Lsprog_try
.Lsprog_shell:
    # ENOEXEC: execve("/bin/sh", ["/bin/sh", candidate, the arguments...], environment)
    lea rdi, [rip + .Lsprog_shell_path]
    mov [r14], rdi
    mov rax, [r13]
    mov [r14 + 8], rax
    mov rsi, r14
    mov rdx, r15
    mov eax, 59
    syscall
    neg eax
    mov ebp, eax
    jmp .Lsprog_failed
.Lsprog_exhausted:
    test ebx, ebx
    jz .Lsprog_failed
    mov ebp, ebx
.Lsprog_failed:
    # For the launcher to report. exit_group(127)
    mov [rsp + 4], ebp
    mov eax, 231
    mov edi, 127
    syscall
.Lsprog_shell_path:
    .asciz "/bin/sh"
.globl sprog_launcher_end
.hidden sprog_launcher_end
sprog_launcher_end:
    .byte 0
.popsection
