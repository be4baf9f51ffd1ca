#define _GNU_SOURCE
#include "CApusSystem.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/file.h>
#include <sys/statvfs.h>

int apus_preallocate(int fd, int64_t offset, int64_t length) {
  return fallocate(fd, 0, offset, length) == 0 ? 0 : errno;
}

int apus_lock_exclusive(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno; }

int apus_disk_space(const char *path, int64_t *free_bytes, int64_t *total_bytes) {
  struct statvfs space;
  if (statvfs(path, &space) != 0) return errno;
  *free_bytes = (int64_t)space.f_bavail * (int64_t)space.f_frsize;
  *total_bytes = (int64_t)space.f_blocks * (int64_t)space.f_frsize;
  return 0;
}

void apus_cap_malloc_arenas(int count) { mallopt(M_ARENA_MAX, count); }

int64_t apus_raise_open_files_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  return (int64_t)limit.rlim_cur;
}
