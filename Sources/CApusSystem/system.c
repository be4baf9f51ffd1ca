#define _GNU_SOURCE
#include "CApusSystem.h"
#include <errno.h>
#include <fcntl.h>
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
