#define _GNU_SOURCE
#include "CApusSystem.h"
#include <errno.h>
#include <fcntl.h>

int apus_preallocate(int fd, int64_t offset, int64_t length) {
  return fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length) == 0 ? 0 : errno;
}
