// Thin shims over system calls that Swift's Glibc module does not show.
#ifndef C_APUS_SYSTEM_H
#define C_APUS_SYSTEM_H

#include <stdint.h>
#include <sys/types.h>

/// fallocate(2), growing the file's size to offset + length. 0, or an errno value.
int apus_preallocate(int fd, int64_t offset, int64_t length);

/// flock(2), exclusive and without waiting. 0, or an errno value (EWOULDBLOCK: somebody else holds it).
int apus_lock_exclusive(int fd);

/// statvfs(3): bytes free to this user and bytes of the file system. 0, or an errno value.
int apus_disk_space(const char *path, int64_t *free_bytes, int64_t *total_bytes);

#endif
