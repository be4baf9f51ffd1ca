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

/// mallopt(M_ARENA_MAX): at most `count` heaps, each of which keeps freed memory to itself.
void apus_cap_malloc_arenas(int count);

/// Raises the soft limit of open files to the hard one. The limit that then holds, or -1.
int64_t apus_raise_open_files_limit(void);

#endif
