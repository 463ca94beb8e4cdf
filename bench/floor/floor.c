/* The floor: the same work as some of the cases, by the same system calls and nothing around them. What a
 * figure of the bench is above this is what a runtime, or we, add; below it is who needs fewer of them: who stays awake
 * for an answer, or reads into memory that is not fresh.
 *
 *   floor CASE.js MODULE PARAMS      as any peer of the bench is called; prints a line of JSON
 */
#include "floor.h"
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

enum { STACK = 64 * 1024, HUGE_PAGE = 2 * MEGABYTE };

extern char **environ;
static const char *params = "";

void need(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

double cpu_us(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

long pick(long full, long quick, long tiny) {
  if (asked("\"full\"")) return full;
  return asked("\"quick\"") ? quick : tiny;
}

int asked(const char *text) { return strstr(params, text) != NULL; }

int number(const char *key) {
  const char *at = strstr(params, key);
  return at ? atoi(at + strlen(key)) : 0;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

double quantile(double *values, int count, double share) {
  qsort(values, count, sizeof *values, by_value);
  int at = count * share;
  return values[at < count ? at : count - 1];
}

static int series(double (*work)(void *), void *argument, double *times, double calls, double ms) {
  int count = 0;
  for (double end = now_us() + ms * 1e3; count < calls && now_us() < end;) times[count++] = work(argument);
  return count;
}

struct times repeat(double (*work)(void *), void *argument) {
  double calls = pick(800, 200, 5), ms = pick(2500, 1000, 1000);
  struct times times = {calloc(calls, sizeof(double)), 0};
  series(work, argument, times.all, calls / 10, ms / 10);
  times.count = series(work, argument, times.all, calls, ms);
  return times;
}

/* The pages of a little are had at once, of much there are larger ones: either way few faults. */
struct memory allocate(size_t size) {
  int is_large = size >= HUGE_PAGE;
  struct memory memory = {.size = size, .mapped = is_large ? size + HUGE_PAGE : size};
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | (is_large ? 0 : MAP_POPULATE);
  memory.mapping = mmap(NULL, memory.mapped, PROT_READ | PROT_WRITE, flags, -1, 0);
  need(memory.mapping != MAP_FAILED, "mmap");
  memory.bytes = memory.mapping;
  if (is_large) {
    memory.bytes += HUGE_PAGE - (size_t)memory.mapping % HUGE_PAGE;
    /* A kernel that has none gives small ones. */
    madvise(memory.bytes, size, MADV_HUGEPAGE);
  }
  return memory;
}

void drop(struct memory memory) { munmap(memory.mapping, memory.mapped); }

void open_socket(int pair[2], int holds) {
  need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  if (holds) need(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &holds, sizeof holds) == 0, "setsockopt");
}

struct image {
  char **argv;
  int *fds;
};

static int start(void *argument) {
  struct image *image = argument;
  for (int fd = 0; fd < 3; fd++) {
    int from = image->fds[fd];
    if (from < 0) from = open("/dev/null", O_RDWR);
    dup2(from, fd);
  }
  execve(image->argv[0], image->argv, environ);
  _exit(127);
}

int spawn_on(char **argv, int fds[3]) {
  static char stack[STACK] __attribute__((aligned(16)));
  struct image image = {argv, fds};
  int pidfd = -1;
  int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
  need(clone(start, stack + STACK, flags, &image, &pidfd) > 0, "clone");
  return pidfd;
}

struct child spawn(struct program *program) {
  struct child child = {-1, {-1, -1, -1}};
  int theirs[3] = {-1, -1, -1}, pair[2];
  for (int fd = program->first; fd < 3; fd++) {
    open_socket(pair, 0);
    child.ours[fd] = pair[0];
    theirs[fd] = pair[1];
  }
  child.pidfd = spawn_on(program->argv, theirs);
  for (int fd = program->first; fd < 3; fd++) close(theirs[fd]);
  return child;
}

void wait_for(int pidfd) {
  siginfo_t info;
  need(waitid(P_PIDFD, pidfd, &info, WEXITED) == 0 && info.si_status == 0, "waitid");
  close(pidfd);
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
  {"spawn-block", spawn_block},
  {"spawn-close", spawn_close},
  {"cat-roundtrip", cat_roundtrip},
  {"spawn-sync", spawn_sync},
  {"exec-echo", exec_echo},
  {"run-small", run_small},
  {"many-children", many_children},
  {"stdout-throughput", stdout_throughput},
  {"stdin-throughput", stdin_throughput},
  {"execfile-500mb", execfile_500mb},
  {"ipc-pingpong", ipc_pingpong},
  {"ipc-flood-up", ipc_flood_up},
  {"ipc-echo-1mb", ipc_echo_1mb},
  {"ipc-big-oneway", ipc_big_oneway},
};

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) return puts("1.0.0"), 0;
  if (argc != 4) return fprintf(stderr, "usage: floor CASE.js MODULE PARAMS\n"), 1;
  params = argv[3];
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    if (strstr(argv[1], cases[at].name)) return cases[at].run(), 0;
  }
  return fprintf(stderr, "floor: no such case\n"), 1;
}
