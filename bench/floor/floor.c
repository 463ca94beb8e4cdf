/* The floor: the same work as some of the cases, by the same system calls and nothing around them. What a
 * figure of the bench is above this is what a runtime, or we, add.
 *
 *   floor CASE.js MODULE PARAMS      as any peer of the bench is called; prints a line of JSON
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum { STACK = 64 * 1024, MESSAGE = 30, READ = 256 * 1024 };

extern char **environ;
static const char *params = "";

static void need(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double cpu_us(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* Sorts the values, and answers the one at this share of them. */
static double quantile(double *values, int count, double share) {
  qsort(values, count, sizeof *values, by_value);
  int at = count * share;
  return values[at < count ? at : count - 1];
}

/* The size for the scale of this run. */
static long pick(long full, long quick, long tiny) {
  if (strstr(params, "\"full\"")) return full;
  return strstr(params, "\"quick\"") ? quick : tiny;
}

static int number(const char *key) {
  const char *at = strstr(params, key);
  return at ? atoi(at + strlen(key)) : 0;
}

struct program {
  char **argv;
  /* What becomes descriptor 0, 1 and 2; -1 is /dev/null. */
  int fds[3];
};

static int start(void *argument) {
  struct program *program = argument;
  for (int fd = 0; fd < 3; fd++) {
    int from = program->fds[fd];
    if (from < 0) from = open("/dev/null", O_RDWR);
    dup2(from, fd);
  }
  execve(program->argv[0], program->argv, environ);
  _exit(127);
}

/* Answers the pidfd. */
static int spawn(struct program *program) {
  static char stack[STACK] __attribute__((aligned(16)));
  int pidfd = -1;
  int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
  need(clone(start, stack + STACK, flags, program, &pidfd) > 0, "clone");
  return pidfd;
}

static void wait_for(int pidfd) {
  siginfo_t info;
  need(waitid(P_PIDFD, pidfd, &info, WEXITED) == 0 && info.si_status == 0, "waitid");
  close(pidfd);
}

static int ours[3];

static void open_pipes(struct program *program) {
  for (int fd = 0; fd < 3; fd++) {
    int pair[2];
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    ours[fd] = pair[0];
    program->fds[fd] = pair[1];
  }
}

static void close_theirs(struct program *program) {
  for (int fd = 0; fd < 3; fd++) close(program->fds[fd]);
}

static void read_to_the_end(void) {
  char byte;
  for (int fd = 1; fd < 3; fd++) need(read(ours[fd], &byte, 1) == 0, "read");
  for (int fd = 0; fd < 3; fd++) close(ours[fd]);
}

static char *true_argv[] = {"/bin/true", NULL};

static void spawn_block(void) {
  size_t resident = (size_t)number("\"resident\":") << 30;
  char *memory = resident ? mmap(NULL, resident, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
  need(memory != MAP_FAILED, "mmap");
  if (resident) memset(memory, 1, resident);
  int piped = strstr(params, "\"pipe\"") != NULL;
  int count = pick(60, 20, 3);
  double *times = calloc(count, sizeof *times);
  for (int i = 0; i < count; i++) {
    struct program program = {true_argv, {-1, -1, -1}};
    double before = now_us();
    if (piped) open_pipes(&program);
    int pidfd = spawn(&program);
    if (piped) close_theirs(&program);
    times[i] = now_us() - before;
    if (piped) read_to_the_end();
    wait_for(pidfd);
  }
  double p95 = quantile(times, count, 0.95);
  printf("{\"blockedUs\":%.1f,\"blockedP95Us\":%.1f}\n", quantile(times, count, 0.5), p95);
}

static void spawn_close(void) {
  int count = pick(400, 150, 5);
  double *times = calloc(count, sizeof *times);
  for (int i = 0; i < count; i++) {
    struct program program = {true_argv, {-1, -1, -1}};
    double before = now_us();
    open_pipes(&program);
    int pidfd = spawn(&program);
    close_theirs(&program);
    read_to_the_end();
    wait_for(pidfd);
    times[i] = now_us() - before;
  }
  printf("{\"closeMs\":%.4f}\n", quantile(times, count, 0.5) / 1e3);
}

static void stdout_throughput(void) {
  long megabytes = pick(4096, 1024, 64);
  char blocks[32];
  snprintf(blocks, sizeof blocks, "count=%ld", megabytes);
  char *argv[] = {"/bin/dd", "if=/dev/zero", "bs=1M", blocks, NULL};
  char *buffer = malloc(READ);
  double before = now_us();
  struct program program = {argv, {-1, -1, -1}};
  int pair[2];
  need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  program.fds[1] = pair[1];
  int pidfd = spawn(&program);
  close(pair[1]);
  long long bytes = 0;
  for (ssize_t count; (count = read(pair[0], buffer, READ)) > 0;) bytes += count;
  wait_for(pidfd);
  need(bytes == megabytes << 20, "all bytes");
  printf("{\"megabytesPerSecond\":%.1f}\n", megabytes / ((now_us() - before) / 1e6));
}

/* As much as fits of each chunk, then a wait for room: as a stream does. */
static void stdin_throughput(void) {
  long megabytes = pick(4096, 1024, 64);
  char *argv[] = {"/bin/dd", "of=/dev/null", "bs=1M", NULL};
  char *chunk = calloc(1, READ);
  struct program program = {argv, {-1, -1, -1}};
  int pair[2];
  double before = now_us(), cpu_before = cpu_us();
  need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  program.fds[0] = pair[1];
  int pidfd = spawn(&program);
  close(pair[1]);
  struct epoll_event event = {.events = EPOLLOUT};
  int set = epoll_create1(EPOLL_CLOEXEC);
  need(epoll_ctl(set, EPOLL_CTL_ADD, pair[0], &event) == 0, "epoll_ctl");
  for (long left = (megabytes << 20) / READ; left > 0; left--) {
    for (int done = 0; done < READ;) {
      ssize_t count = send(pair[0], chunk + done, READ - done, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count > 0) done += count;
      if (done < READ) need(epoll_wait(set, &event, 1, -1) == 1, "epoll_wait");
    }
  }
  close(pair[0]);
  wait_for(pidfd);
  printf("{\"megabytesPerSecond\":%.1f,\"cpuMsPerGb\":%.1f}\n",
         megabytes / ((now_us() - before) / 1e6), (cpu_us() - cpu_before) / 1e3 / megabytes * 1024);
}

static long residents(void) {
  long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  need(file && fscanf(file, "%ld %ld", &size, &resident) == 2, "statm");
  fclose(file);
  return resident * 4;
}

/* Sleepers, each watched by its pidfd in one set; so many of them are ended, one after the other. */
static void many_children(void) {
  int live = number("\"live\":"), exits = pick(200, 100, 5);
  if (strstr(params, "\"tiny\"")) live = 20;
  char *argv[] = {"/bin/sleep", "300", NULL};
  int *pidfds = calloc(live + exits, sizeof *pidfds);
  int set = epoll_create1(EPOLL_CLOEXEC);
  long before_kb = residents();
  double before = now_us();
  for (int i = 0; i < live + exits; i++) {
    struct program program = {argv, {-1, -1, -1}};
    pidfds[i] = spawn(&program);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    need(epoll_ctl(set, EPOLL_CTL_ADD, pidfds[i], &event) == 0, "epoll_ctl");
  }
  double each = (now_us() - before) / (live + exits);
  double kb = (double)(residents() - before_kb) / (live + exits);
  double cpu_before = cpu_us(), used = 0;
  for (int i = live + exits - 1; i >= 0; i--) {
    struct epoll_event event;
    siginfo_t info;
    if (i == live - 1) used = cpu_us() - cpu_before;
    need(syscall(SYS_pidfd_send_signal, pidfds[i], SIGKILL, NULL, 0) == 0, "pidfd_send_signal");
    need(epoll_wait(set, &event, 1, -1) == 1 && event.data.u32 == (unsigned)i, "epoll_wait");
    need(waitid(P_PIDFD, pidfds[i], &info, WEXITED) == 0 && info.si_status == SIGKILL, "waitid");
    close(pidfds[i]);
  }
  printf("{\"cpuPerExitUs\":%.1f,\"spawnEachUs\":%.1f,\"rssPerChildKb\":%.1f,\"fdsPerChild\":1}\n",
         used / exits, each, kb);
}

/* Waits, receives, sends: as an event loop does, once for each message. */
static void answer(int fd, long count, int begins) {
  char message[MESSAGE] = {0};
  struct epoll_event event = {.events = EPOLLIN};
  int set = epoll_create1(EPOLL_CLOEXEC);
  need(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  if (begins) need(send(fd, message, MESSAGE, 0) == MESSAGE, "send");
  for (long i = 0; i < count; i++) {
    need(epoll_wait(set, &event, 1, -1) == 1, "epoll_wait");
    need(recv(fd, message, MESSAGE, MSG_DONTWAIT) == MESSAGE, "recv");
    if (begins && i == count - 1) break;
    need(send(fd, message, MESSAGE, MSG_DONTWAIT) == MESSAGE, "send");
  }
}

static void ipc_pingpong(void) {
  int pair[2];
  long count = pick(20000, 5000, 50);
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
  pid_t pid = fork();
  need(pid >= 0, "fork");
  if (pid == 0) {
    answer(pair[1], count, 0);
    _exit(0);
  }
  double before = now_us();
  answer(pair[0], count, 1);
  double elapsed = now_us() - before;
  int status;
  need(waitpid(pid, &status, 0) == pid && status == 0, "the other end");
  printf("{\"roundTripUs\":%.2f}\n", elapsed / count);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) return puts("1.0.0"), 0;
  need(argc == 4, "usage: floor CASE.js MODULE PARAMS");
  params = argv[3];
  if (strstr(argv[1], "spawn-block")) spawn_block();
  else if (strstr(argv[1], "spawn-close")) spawn_close();
  else if (strstr(argv[1], "stdout-throughput")) stdout_throughput();
  else if (strstr(argv[1], "stdin-throughput")) stdin_throughput();
  else if (strstr(argv[1], "many-children")) many_children();
  else if (strstr(argv[1], "ipc-pingpong")) ipc_pingpong();
  else return fprintf(stderr, "floor: no such case\n"), 1;
  return 0;
}
