/* Messages over a socketpair to a forked child. */
#include "floor.h"

enum { SMALL = 30, PROGRESS = 75, FIRST = 20000, LARGE = 1000 * 1000 };

struct peer {
  pid_t pid;
  int fd;
};

/* A child that serves its end of a socketpair until ours is closed. */
static struct peer open_channel(void (*serve)(int fd)) {
  int pair[2], holds = SOCKET;
  open_socket(pair, SOCKET);
  need(setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &holds, sizeof holds) == 0, "setsockopt");
  struct peer peer = {fork(), pair[0]};
  need(peer.pid >= 0, "fork");
  if (peer.pid == 0) {
    close(pair[0]);
    serve(pair[1]);
    _exit(0);
  }
  close(pair[1]);
  return peer;
}

static void close_channel(struct peer peer) {
  int status;
  close(peer.fd);
  need(waitpid(peer.pid, &status, 0) == peer.pid && status == 0, "the other end");
}

static int watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN};
  int set = epoll_create1(EPOLL_CLOEXEC);
  need(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  return set;
}

/* Waits, receives: as an event loop does, once for each message. Answers 0 at the end. */
static int next_small(int set, int fd, char *message) {
  struct epoll_event event;
  need(epoll_wait(set, &event, 1, -1) == 1, "epoll_wait");
  ssize_t count = recv(fd, message, SMALL, MSG_DONTWAIT);
  need(count == SMALL || count == 0, "recv");
  return count;
}

static void serve_small(int fd) {
  char message[SMALL];
  for (int set = watch(fd); next_small(set, fd, message);) {
    need(send(fd, message, SMALL, MSG_DONTWAIT | MSG_NOSIGNAL) == SMALL, "send");
  }
}

static void small_trips(int set, int fd, long count) {
  char message[SMALL] = {0};
  for (long i = 0; i < count; i++) {
    need(send(fd, message, SMALL, MSG_DONTWAIT | MSG_NOSIGNAL) == SMALL, "send");
    need(next_small(set, fd, message), "the answer");
  }
}

void ipc_pingpong(void) {
  long count = pick(20000, 5000, 50);
  struct peer peer = open_channel(serve_small);
  int set = watch(peer.fd);
  small_trips(set, peer.fd, 500);
  double before = now_us();
  small_trips(set, peer.fd, count);
  double elapsed = now_us() - before;
  close_channel(peer);
  printf("{\"roundTripUs\":%.2f}\n", elapsed / count);
}

static long flood_count(void) { return pick(400000, 100000, 5000); }

/* A message is a call, as a plain Node writes them. */
static void serve_flood(int fd) {
  char message[PROGRESS] = {0};
  for (long i = 0; i < FIRST + flood_count(); i++) {
    need(send(fd, message, PROGRESS, MSG_NOSIGNAL) == PROGRESS, "send");
  }
}

static void take(int set, int fd, long bytes) {
  static char room[64 * 1024];
  while (bytes > 0) {
    struct epoll_event event;
    need(epoll_wait(set, &event, 1, -1) == 1, "epoll_wait");
    ssize_t count = recv(fd, room, bytes < (long)sizeof room ? bytes : (long)sizeof room, MSG_DONTWAIT);
    need(count > 0, "recv");
    bytes -= count;
  }
}

/* The kernel's part of taking them, whoever it is that takes as many as there are with one call. */
void ipc_flood_up(void) {
  struct peer peer = open_channel(serve_flood);
  int set = watch(peer.fd);
  take(set, peer.fd, FIRST * PROGRESS);
  double before = now_us(), cpu_before = cpu_us();
  take(set, peer.fd, flood_count() * PROGRESS);
  double elapsed = now_us() - before, cpu = cpu_us() - cpu_before;
  close_channel(peer);
  printf("{\"messagesPerSecond\":%.0f,\"parentCpuUs\":%.3f}\n", flood_count() / (elapsed / 1e6), cpu / flood_count());
}

/* Its size, and then itself, from where it is. */
static void send_large(int fd, const char *bytes, size_t size) {
  need(send(fd, &size, sizeof size, MSG_NOSIGNAL) == sizeof size, "send");
  for (size_t done = 0; done < size;) {
    ssize_t count = send(fd, bytes + done, size - done, MSG_NOSIGNAL);
    need(count > 0, "send");
    done += count;
  }
}

/* Into fresh memory, each time; none at the end. */
static struct memory receive_large(int fd) {
  size_t size = 0;
  ssize_t first = recv(fd, &size, sizeof size, MSG_WAITALL);
  if (first == 0) return (struct memory){0};
  need(first == sizeof size, "recv");
  struct memory message = allocate(size);
  for (size_t got = 0; got < size;) {
    size_t left = size - got;
    ssize_t count = recv(fd, message.bytes + got, left < CHUNK ? left : CHUNK, 0);
    need(count > 0, "recv");
    got += count;
  }
  return message;
}

static void serve_echo(int fd) {
  for (struct memory message; (message = receive_large(fd)).bytes; drop(message)) {
    send_large(fd, message.bytes, message.size);
  }
}

static void echo(int fd, const char *payload, long count) {
  for (long i = 0; i < count; i++) {
    send_large(fd, payload, LARGE);
    struct memory message = receive_large(fd);
    need(message.bytes && message.size == LARGE && memcmp(message.bytes, payload, LARGE) == 0, "the answer");
    drop(message);
  }
}

void ipc_echo_1mb(void) {
  long count = pick(300, 100, 5);
  struct peer peer = open_channel(serve_echo);
  char *payload = malloc(LARGE);
  memset(payload, 'x', LARGE);
  echo(peer.fd, payload, 10);
  double before = now_us();
  echo(peer.fd, payload, count);
  double elapsed = now_us() - before;
  close_channel(peer);
  printf("{\"megabytesPerSecond\":%.1f}\n", 2.0 * count * LARGE / elapsed);
}

/* What the child of a large message answers. */
struct measure {
  size_t size;
  size_t sum;
};

static void serve_measure(int fd) {
  for (struct memory message; (message = receive_large(fd)).bytes;) {
    struct measure measure = {message.size, 0};
    for (size_t at = 0; at < message.size; at += MEGABYTE) measure.sum += message.bytes[at];
    need(send(fd, &measure, sizeof measure, MSG_NOSIGNAL) == sizeof measure, "send");
    drop(message);
  }
}

static double one_way(int fd, const char *payload, size_t size) {
  struct measure measure;
  double before = now_us();
  send_large(fd, payload, size);
  need(recv(fd, &measure, sizeof measure, MSG_WAITALL) == sizeof measure, "recv");
  double took = now_us() - before;
  need(measure.size == size && measure.sum == size / MEGABYTE, "all bytes");
  return took;
}

/* A figure of /proc/PID/status, in MB. */
static double status_mb(pid_t pid, const char *key) {
  char path[64], text[4096], *at;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  need(file != NULL, path);
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  need((at = strstr(text, key)) != NULL, key);
  return atof(at + strlen(key)) / 1024;
}

void ipc_big_oneway(void) {
  size_t size = pick(128, 128, 8) * MEGABYTE;
  int rounds = pick(5, 3, 1);
  double times[5];
  struct peer peer = open_channel(serve_measure);
  char *payload = malloc(size);
  memset(payload, 1, size);
  one_way(peer.fd, payload, MEGABYTE);
  double ours = status_mb(getpid(), "VmRSS:"), theirs = status_mb(peer.pid, "VmRSS:");
  for (int round = 0; round < rounds; round++) times[round] = one_way(peer.fd, payload, size);
  double our_peak = status_mb(getpid(), "VmHWM:") - ours, their_peak = status_mb(peer.pid, "VmHWM:") - theirs;
  close_channel(peer);
  printf("{\"oneWayMs\":%.2f,\"parentPeakMb\":%.1f,\"childPeakMb\":%.1f}\n", quantile(times, rounds, 0.5) / 1e3,
         our_peak, their_peak);
}
