/* Long streams out of and into a child. Calls that block are fewer than those that try, wait and try again. */
#include "floor.h"

/* A program that writes to the socket whose other end this answers. */
static int spawn_writer(char **argv, int *pidfd) {
  int pair[2];
  open_socket(pair, SOCKET);
  *pidfd = spawn_on(argv, (int[]){-1, pair[0], -1});
  close(pair[0]);
  return pair[1];
}

static void drain(long megabytes) {
  static char buffer[CHUNK];
  char blocks[32];
  snprintf(blocks, sizeof blocks, "count=%ld", megabytes);
  int pidfd, fd = spawn_writer((char *[]){"/bin/dd", "if=/dev/zero", "bs=1M", blocks, NULL}, &pidfd);
  long long bytes = 0;
  for (ssize_t count; (count = read(fd, buffer, CHUNK)) > 0;) bytes += count;
  close(fd);
  wait_for(pidfd);
  need(bytes == megabytes * MEGABYTE, "all bytes");
}

/* The child counts what it got, and its report is what says so. */
static void fill(long megabytes) {
  static char chunk[CHUNK];
  int in[2], report[2];
  memset(chunk, 's', CHUNK);
  open_socket(in, SOCKET);
  open_socket(report, 0);
  char *argv[] = {"/bin/dd", "of=/dev/null", "bs=1M", NULL};
  int pidfd = spawn_on(argv, (int[]){in[1], -1, report[1]});
  close(in[1]);
  close(report[1]);
  for (long long left = (long long)megabytes * MEGABYTE; left > 0;) {
    ssize_t count = send(in[0], chunk, left < CHUNK ? left : CHUNK, MSG_NOSIGNAL);
    need(count > 0, "send");
    left -= count;
  }
  close(in[0]);
  char text[512] = "", *last = text;
  for (ssize_t count; (count = read(report[0], last, text + sizeof text - 1 - last)) > 0;) last += count;
  close(report[0]);
  wait_for(pidfd);
  long long bytes = 0;
  char *line = strstr(text, "out\n");
  need(line && sscanf(line, "out\n%lld bytes", &bytes) == 1 && bytes == megabytes * MEGABYTE, "all bytes");
}

static void throughput(void (*move)(long)) {
  long megabytes = pick(4096, 1024, 64);
  move(16);
  double before = now_us(), cpu_before = cpu_us();
  move(megabytes);
  double seconds = (now_us() - before) / 1e6, cpu_ms = (cpu_us() - cpu_before) / 1e3;
  printf("{\"megabytesPerSecond\":%.1f,\"cpuMsPerGb\":%.1f}\n", megabytes / seconds,
         cpu_ms / megabytes * 1024);
}

void stdout_throughput(void) { throughput(drain); }

void stdin_throughput(void) {
  setenv("LC_ALL", "C", 1);
  throughput(fill);
}

/* How many milliseconds it takes until all that a program writes is in memory. */
static double collect(size_t size) {
  char bytes[32];
  snprintf(bytes, sizeof bytes, "%zu", size);
  double before = now_us();
  int pidfd, fd = spawn_writer((char *[]){"/usr/bin/head", "-c", bytes, "/dev/zero", NULL}, &pidfd);
  /* Room for one byte more, so that the end is read as such. */
  struct memory memory = allocate(size + 1);
  size_t got = 0;
  for (ssize_t count = 1; count > 0; got += count) {
    size_t room = memory.size - got;
    count = read(fd, memory.bytes + got, room < CHUNK ? room : CHUNK);
    need(count >= 0, "read");
  }
  close(fd);
  wait_for(pidfd);
  double took = now_us() - before;
  need(got == size, "all bytes");
  drop(memory);
  return took / 1e3;
}

void execfile_500mb(void) {
  size_t size = pick(500e6, 500e6, 10e6);
  collect(size);
  printf("{\"totalMs\":%.1f}\n", collect(size));
}
