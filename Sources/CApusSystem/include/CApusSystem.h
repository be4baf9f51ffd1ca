// Thin shims over system calls that Swift's Glibc module does not show.
#ifndef C_APUS_SYSTEM_H
#define C_APUS_SYSTEM_H

#include <stdint.h>
#include <sys/types.h>

/// fallocate(2) without growing the file's size. 0, or an errno value.
int apus_preallocate(int fd, int64_t offset, int64_t length);

#endif
