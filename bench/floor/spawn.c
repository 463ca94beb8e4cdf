/* Small programs: how long one blocks, lasts and costs. */
#include "floor.h"
#include <sys/syscall.h>

static char *true_argv[] = {"/bin/true", NULL};
static char *shell_argv[] = {"/bin/sh", "-c", "echo hi", NULL};

/* Reads to the end, and closes; what comes must be `text`. */
static void expect(int fd, const char *text) {
  char got[64];
  size_t length = 0;
  for (ssize_t count = 1; count > 0; length += count) {
    count = read(fd, got + length, sizeof got - length);
    need(count >= 0, "read");
  }
  need(length == strlen(text) && memcmp(got, text, length) == 0, "the output");
  close(fd);
}

/* Waits for the end of a program, which has to be a good one, with this output. */
static void finish(struct child *child, const char *output) {
  if (child->ours[0] >= 0) close(child->ours[0]);
  if (child->ours[1] >= 0) expect(child->ours[1], output);
  if (child->ours[2] >= 0) expect(child->ours[2], "");
  wait_for(child->pidfd);
}

static double blocked(void *program) {
  double before = now_us();
  struct child child = spawn(program);
  double took = now_us() - before;
  finish(&child, "");
  return took;
}

void spawn_block(void) {
  size_t resident = (size_t)number("\"resident\":") << 30;
  char *memory = resident ? mmap(NULL, resident, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
  need(memory != MAP_FAILED, "mmap");
  if (resident) memset(memory, 1, resident);
  struct program program = {true_argv, asked("\"pipe\"") ? 0 : 3};
  struct times times = repeat(blocked, &program);
  double p95 = quantile(times.all, times.count, 0.95);
  printf("{\"blockedUs\":%.1f,\"blockedP95Us\":%.1f}\n", quantile(times.all, times.count, 0.5), p95);
}

struct whole {
  struct program program;
  const char *output;
};

static double to_the_end(void *argument) {
  struct whole *whole = argument;
  double before = now_us();
  struct child child = spawn(&whole->program);
  finish(&child, whole->output);
  return now_us() - before;
}

/* Milliseconds from the start to the end of such a program, whose output is read. */
static double typical_ms(char **argv, int first, const char *output) {
  struct whole whole = {{argv, first}, output};
  struct times times = repeat(to_the_end, &whole);
  return quantile(times.all, times.count, 0.5) / 1e3;
}

void spawn_close(void) {
  printf("{\"closeMs\":%.4f}\n", typical_ms(true_argv, 0, ""));
}

void exec_echo(void) {
  printf("{\"execMs\":%.4f}\n", typical_ms(shell_argv, 0, "hi\n"));
}

void spawn_sync(void) {
  double program = typical_ms(true_argv, 0, "");
  printf("{\"spawnSyncMs\":%.4f,\"execSyncMs\":%.4f}\n", program, typical_ms(shell_argv, 0, "hi\n"));
}

/* Nobody asked for the program's stdin. */
void run_small(void) {
  char *argv[] = {"/bin/echo", "hi", NULL};
  int echoes = asked("\"echo\"");
  printf("{\"runMs\":%.4f}\n", typical_ms(echoes ? argv : true_argv, 1, echoes ? "hi\n" : ""));
}

/* So many round trips, as many at a time. When a `cat` has ended all its output is there: one wait for each. */
static void trips(int lanes, int count, double *times) {
  static char text[] = "there and back again\n";
  char *argv[] = {"/bin/cat", NULL};
  struct program program = {argv, 0};
  struct child *running = calloc(lanes, sizeof *running);
  double *before = calloc(lanes, sizeof *before);
  int set = epoll_create1(EPOLL_CLOEXEC);
  for (int begun = 0, done = 0; done < count;) {
    int lane = begun;
    if (begun >= lanes || begun >= count) {
      struct epoll_event event;
      need(epoll_wait(set, &event, 1, -1) == 1, "epoll_wait");
      lane = event.data.u32;
      finish(&running[lane], text);
      times[done++] = now_us() - before[lane];
    }
    if (begun++ >= count) continue;
    before[lane] = now_us();
    running[lane] = spawn(&program);
    int *in = &running[lane].ours[0];
    need(send(*in, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text), "send");
    close(*in);
    *in = -1;
    /* Once: a child that is about to exec may still hold a copy, which keeps a closed one in the set. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = lane};
    need(epoll_ctl(set, EPOLL_CTL_ADD, running[lane].pidfd, &event) == 0, "epoll_ctl");
  }
  close(set);
}

void cat_roundtrip(void) {
  int lanes = number("\"concurrency\":"), count = pick(400, 120, 8);
  double *times = calloc(count, sizeof *times);
  trips(lanes, (count + 9) / 10, times);
  double before = now_us();
  trips(lanes, count, times);
  double seconds = (now_us() - before) / 1e6;
  printf("{\"perSecond\":%.1f,\"tripMs\":%.4f}\n", count / seconds, quantile(times, count, 0.5) / 1e3);
}

static long resident_kb(void) {
  long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  need(file && fscanf(file, "%ld %ld", &size, &resident) == 2, "statm");
  fclose(file);
  return resident * 4;
}

/* Sleepers, each watched by its pidfd in one set; so many of them are ended, one after the other. */
void many_children(void) {
  int live = number("\"live\":"), exits = pick(400, 200, 5);
  if (asked("\"tiny\"")) live = 20;
  char *argv[] = {"/bin/sleep", "300", NULL};
  struct program program = {argv, 3};
  int *pidfds = calloc(live + exits, sizeof *pidfds);
  int set = epoll_create1(EPOLL_CLOEXEC);
  long before_kb = resident_kb();
  double before = now_us();
  for (int i = 0; i < live + exits; i++) {
    pidfds[i] = spawn(&program).pidfd;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    need(epoll_ctl(set, EPOLL_CTL_ADD, pidfds[i], &event) == 0, "epoll_ctl");
  }
  double each = (now_us() - before) / (live + exits);
  double kb = (double)(resident_kb() - before_kb) / (live + exits);
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
