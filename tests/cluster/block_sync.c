/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a broker by the cluster tests: fdatasync does not return while the file that
 * BLOCK_SYNC names exists, and fails with EIO while that name with ".fail" exists. So a test can
 * show what waits for a sync, and what a disk that breaks does. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int fd)
{
    int (*real)(int);
    const char *path = getenv("BLOCK_SYNC");
    char failing[4096];
    *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    snprintf(failing, sizeof failing, "%s.fail", path != NULL ? path : "");
    while (path != NULL && access(path, F_OK) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    if (path != NULL && access(failing, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}
