/* What the parts of the floor stand on; bench/support/case.js is its like for the cases. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum {
  /* What one call takes or gives of a long stream. */
  CHUNK = 256 * 1024,
  /* What the socket of a long stream holds. At the default, less than a chunk, both ends wait for each other at
   * each: 4.4 GB/s go into a child instead of 5.7. */
  SOCKET = 640 * 1024,
  MEGABYTE = 1024 * 1024,
};

/* What is to be started. */
struct program {
  char **argv;
  /* The descriptors below this one are /dev/null, the others sockets whose other ends we hold. */
  int first;
};

/* What has been started; `ours` are our ends, -1 where there is none. */
struct child {
  int pidfd;
  int ours[3];
};

/* Ends all with a message, unless `ok`. */
void need(int ok, const char *what);

double now_us(void);
double cpu_us(void);

/* The size for the scale of this run. */
long pick(long full, long quick, long tiny);
/* Whether the parameters of the row have this text, and the number behind it. */
int asked(const char *text);
int number(const char *key);

/* Sorts the values, and answers the one at this share of them. */
double quantile(double *values, int count, double share);

/* The times that `work` answers; as many as repeat() of bench/support/case.js takes, which says why. */
struct times {
  double *all;
  int count;
};
struct times repeat(double (*work)(void *), void *argument);

/* Fresh memory: what a receiver takes whose program keeps what it was given. (Where the program drops it and the
 * allocator hands the same pages out again, 1 MB comes and goes three times as fast: the kernel clears none.) */
struct memory {
  char *bytes;
  size_t size;
  char *mapping;
  size_t mapped;
};
struct memory allocate(size_t size);
void drop(struct memory memory);

/* Two ends; the first one's socket holds this much, or the default for 0. */
void open_socket(int pair[2], int holds);

struct child spawn(struct program *program);
/* As above, with a descriptor of the caller's for each of the child's; -1 is /dev/null. Answers the pidfd. */
int spawn_on(char **argv, int fds[3]);
/* The program must have ended well. */
void wait_for(int pidfd);

void spawn_block(void);
void spawn_close(void);
void cat_roundtrip(void);
void spawn_sync(void);
void exec_echo(void);
void run_small(void);
void many_children(void);
void stdout_throughput(void);
void stdin_throughput(void);
void execfile_500mb(void);
void ipc_pingpong(void);
void ipc_flood_up(void);
void ipc_echo_1mb(void);
void ipc_big_oneway(void);
